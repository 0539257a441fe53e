import type { TraceFile } from '../../trace/read/trace-file.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { BlockEntry } from '../../trace/stats/trace-index.ts';
import type { UnixSpan } from '../unix-span.ts';

/** The records of a block that start in the window, in order; times count from the file's epoch. */
export async function cutBlock(file: TraceFile, entry: BlockEntry, window: UnixSpan): Promise<TraceRecord[]> {
  const fromNs = Number(window.startUnixNs - file.header.epochUnixNs);
  const toNs = Number(window.endUnixNs - file.header.epochUnixNs);
  const records = await file.readBlock(entry);
  return records.filter((record) => record.startNs >= fromNs && record.startNs < toNs);
}
