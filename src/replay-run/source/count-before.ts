import type { BlockEntry } from '../../trace/stats/trace-index.ts';
import type { ReadOptions, Trace } from '../../trace/trace.ts';

/**
 * How many records of an indexed trace start before `fromNs`. Only blocks that reach over that time are read: as
 * blocks may overlap, it goes back to a time no block reaches over and counts on from there.
 */
export async function countBefore(
  trace: Trace,
  fromNs: number,
  onDamage: NonNullable<ReadOptions['onDamage']>,
): Promise<number> {
  const blocks = trace.index?.blocks ?? [];
  const cutNs = clearTimeBefore(blocks, fromNs);
  let count = 0;
  for (const block of blocks) if (block.lastStartNs < cutNs) count += block.records;
  if (cutNs === fromNs) return count;
  for await (const batch of trace.records({ fromNs: cutNs, toNs: fromNs, onDamage })) count += batch.length;
  return count;
}

/** The latest time, at or before `ns`, that lies inside no block. */
function clearTimeBefore(blocks: readonly BlockEntry[], ns: number): number {
  let clearNs = ns;
  for (;;) {
    const straddling = blocks.filter((block) => block.firstStartNs < clearNs && block.lastStartNs >= clearNs);
    if (straddling.length === 0) return clearNs;
    clearNs = Math.min(...straddling.map((block) => block.firstStartNs));
  }
}
