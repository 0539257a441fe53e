import { createBlockBuilder } from '../../src/trace/block/block-builder.ts';
import { openBlock } from '../../src/trace/block/block-cursor.ts';
import { createCursorSet } from '../../src/trace/block/cursor-set.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';

const BLOCK_RECORDS = 40;

/** Records, in the order of their starts, in batches, of which it is known where they stand in their blocks; a batch may reach over two. */
export async function* placedBatches(
  records: readonly TraceRecord[],
  size: number,
): AsyncGenerator<TraceRecord[]> {
  let batch: TraceRecord[] = [];
  for (let at = 0; at < records.length; at += BLOCK_RECORDS) {
    const set = createCursorSet(true);
    set.add({ cursor: openBlock(blockOf(records.slice(at, at + BLOCK_RECORDS)), 0n), rank: 0 });
    while (set.size > 0) {
      set.takeRun(batch, Number.POSITIVE_INFINITY, size, ({ cursor }) => cursor.advance());
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function blockOf(records: readonly TraceRecord[]): Uint8Array {
  const builder = createBlockBuilder(0n);
  for (const record of records) builder.add(record);
  return builder.close(records.at(-1)?.startNs ?? 0).raw;
}
