import type { TraceRecord } from '../trace/record.ts';
import type { TraceFile } from '../trace/trace-file.ts';
import type { BlockEntry } from '../trace/trace-index.ts';
import type { UnixSpan } from './unix-span.ts';

/** The records of a block that start in the window, in order; times count from the file's epoch. */
export async function cutBlock(file: TraceFile, entry: BlockEntry, window: UnixSpan): Promise<TraceRecord[]> {
  const fromNs = Number(window.startUnixNs - file.header.epochUnixNs);
  const toNs = Number(window.endUnixNs - file.header.epochUnixNs);
  const records = await file.readBlock(entry);
  return records.filter((record) => record.startNs >= fromNs && record.startNs < toNs);
}
