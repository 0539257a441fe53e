import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngramTraceError } from '../../error.ts';
import { isoTime } from '../../iso-time.ts';

/** Where `export` writes and `replay` looks when no trace is named. */
export const DEFAULT_TRACES = 'traces';

/** The name of an exported trace that was given none: the start of its window, without characters a file system may refuse. */
export function traceNameOf(startUnixNs: bigint): string {
  const hasFraction = startUnixNs % 1_000_000_000n !== 0n;
  const start = isoTime(startUnixNs, hasFraction ? 3 : 0).replaceAll(':', '-');
  return join(DEFAULT_TRACES, `${start}.trace.zst`);
}

const TRACE_NAME = /\.(trace\.zst|(ndjson|jsonl|json)(\.zst)?)$/i;

/** The trace in `folder` that was written last. Throws `usage` where there is none. */
export async function newestTrace(folder: string = DEFAULT_TRACES): Promise<string> {
  let newest: { path: string; atMs: number } | undefined;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!TRACE_NAME.test(name)) continue;
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (!found?.isFile() || (newest !== undefined && newest.atMs >= found.mtimeMs)) continue;
    newest = { path: join(folder, name), atMs: found.mtimeMs };
  }
  if (newest !== undefined) return newest.path;
  throw new EngramTraceError('usage', `no trace is named, and there is none in ${folder}/`, {
    hint: 'name one with --trace FILE; engram-trace export writes one',
  });
}
