import { createBlockBuilder } from '../../src/trace/block/block-builder.ts';
import { openBlock } from '../../src/trace/block/block-cursor.ts';
import { BlockLease } from '../../src/trace/block/block-lease.ts';
import { createCursorSet } from '../../src/trace/block/cursor-set.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';

/** How many records a block of `placedBatches` has. */
export const PLACED_BLOCK_RECORDS = 40;

/**
 * Records, in the order of their starts, in batches, of which it is known where they stand in their blocks; a batch may
 * reach over two. With `onFree`, which is called when all of a block was given back, the blocks have leases.
 */
export async function* placedBatches(
  records: readonly TraceRecord[],
  size: number,
  onFree?: () => void,
): AsyncGenerator<TraceRecord[]> {
  let batch: TraceRecord[] = [];
  for (let at = 0; at < records.length; at += PLACED_BLOCK_RECORDS) {
    const set = createCursorSet(true);
    const some = records.slice(at, at + PLACED_BLOCK_RECORDS);
    const lease = onFree && new BlockLease(some.length, onFree);
    set.add({ cursor: openBlock(blockOf(some), 0n, lease), rank: 0 });
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
