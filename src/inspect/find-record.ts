import { recordToJson } from '../trace/ndjson/record-json.ts';
import type { TraceFile } from '../trace/read/trace-file.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import type { BlockEntry } from '../trace/stats/trace-index.ts';
import type { ReadOptions, Trace } from '../trace/trace.ts';

/** The record with that number, counted from 0 in the order of starts over the whole trace, as replay counts. */
export async function findRecord(
  trace: Trace,
  number: number,
  onDamage: ReadOptions['onDamage'] = 'throw',
): Promise<TraceRecord | undefined> {
  const { fromNs, skipped } = jumpTo(trace.index?.blocks ?? [], number);
  let left = number - skipped;
  for await (const batch of trace.records({ fromNs, onDamage })) {
    const record = batch[left];
    if (record !== undefined) return record;
    left -= batch.length;
  }
  return undefined;
}

/** Where reading may begin: the last time before the record at which no block reaches over another. */
function jumpTo(
  blocks: readonly BlockEntry[],
  number: number,
): { fromNs: number | undefined; skipped: number } {
  let jump: { fromNs: number | undefined; skipped: number } = { fromNs: undefined, skipped: 0 };
  let before = 0;
  let lastNs = Number.NEGATIVE_INFINITY;
  const ordered = blocks.filter((block) => block.records > 0).sort((a, b) => a.firstStartNs - b.firstStartNs);
  for (const block of ordered) {
    if (before > number) break;
    if (block.firstStartNs > lastNs) jump = { fromNs: block.firstStartNs, skipped: before };
    before += block.records;
    lastNs = Math.max(lastNs, block.lastStartNs);
  }
  return jump;
}

export interface RecordPlace {
  /** Number of the block, in the order of the index, and the byte its frame starts at. */
  block: number;
  offset_bytes: number;
  /** Position in the block, from 0. */
  position: number;
}

/** Finds the place of a record in its file; of equal records the first. */
export async function placeOf(file: TraceFile, record: TraceRecord): Promise<RecordPlace | undefined> {
  const wanted = JSON.stringify(recordToJson(record));
  for (const [block, entry] of file.index.blocks.entries()) {
    if (record.startNs < entry.firstStartNs || record.startNs > entry.lastStartNs) continue;
    const records = await file.readBlock(entry);
    const position = records.findIndex(
      (candidate) =>
        candidate.startNs === record.startNs && JSON.stringify(recordToJson(candidate)) === wanted,
    );
    if (position >= 0) return { block, offset_bytes: entry.offset, position };
  }
  return undefined;
}
