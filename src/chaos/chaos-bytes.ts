import type { ChaosTarget } from '../replay-run/options/chaos-load.ts';
import type { ChaosKind } from '../workload/scenario/chaos-spec.ts';
import type { Scenario } from '../workload/scenario/scenario.ts';
import type { ChaosEvent } from './chaos-plan.ts';
import { malformedHttp, malformedHttp2 } from './malformed-bytes.ts';
import { createWholeRequests } from './whole-requests.ts';

/** What a slow reader takes at a time, and how often. */
export const SLOW_BYTES = 64;

/** Makes what an event sends. */
export type ChaosBytes = (event: ChaosEvent) => Buffer;

const TWO_32 = 2 ** 32;

/** Makes what events send to a target: whole requests look for something, and nothing that is stored is whole. */
export function createChaosBytes(target: ChaosTarget, scenario: Scenario, seed: number): ChaosBytes {
  const { search, store } = createWholeRequests(target, scenario, seed);
  const bytesOf: Record<ChaosKind, ChaosBytes> = {
    stalled_connections: (event) => cutOff(store(event.number), event.share),
    aborted_requests: ({ number }) => search(number),
    slow_readers: ({ number }) => search(number, SLOW_BYTES),
    malformed_requests: target.protocol === 'http' ? malformedHttp : malformedHttp2,
  };
  return (event) => bytesOf[event.kind](event);
}

/** From one byte to all but one. */
function cutOff(whole: Buffer, share: number): Buffer {
  return whole.subarray(0, 1 + Math.floor((share / TWO_32) * (whole.length - 1)));
}
