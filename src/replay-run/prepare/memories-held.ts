import type { MemoryCounting } from '../../dialects/memory-counting.ts';
import {
  type SingleAnswer,
  type SingleRequest,
  singleRequest,
} from '../../transports/connect/single-request.ts';
import type { RunDeps, RunOptions } from '../options/run-options.ts';
import { PREPARE_TIMEOUT_NS } from './prepare-target.ts';

/**
 * How many memories the target holds in these spaces, as it says; undefined where it does not say. Asked one space after
 * the other: an Engram opens each, which takes it seconds.
 */
export async function memoriesHeld(
  { http, headers = [], tls = {}, prepareTimeoutNs = PREPARE_TIMEOUT_NS }: RunOptions,
  spaces: readonly string[],
  counting: MemoryCounting,
  signal: RunDeps['signal'],
  send: (request: SingleRequest) => Promise<SingleAnswer> = singleRequest,
): Promise<number | undefined> {
  if (http === undefined) return undefined;
  let held = 0;
  for (const space of spaces) {
    const request = counting.request(space);
    const asked = { ...request, origin: http.url, headers, tls, timeoutMs: prepareTimeoutNs / 1e6, signal };
    const { status, body } = await send(asked);
    const count = status === 200 ? counting.counted(body) : undefined;
    if (count === undefined) return undefined;
    held += count;
  }
  return held;
}
