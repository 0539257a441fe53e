import type { TraceRecord } from '../../trace/record/record.ts';
import type { ReadOptions } from '../../trace/trace.ts';

/** The records of batches, in the order of their starts, that start in a part of the time. */
export async function* recordsWithin(
  batches: AsyncIterable<TraceRecord[]>,
  { fromNs = -Infinity, toNs = Infinity }: ReadOptions,
): AsyncGenerator<TraceRecord[]> {
  for await (const batch of batches) {
    const isInside = (batch[0]?.startNs ?? 0) >= fromNs && (batch.at(-1)?.startNs ?? 0) < toNs;
    const inside = isInside ? batch : batch.filter(({ startNs }) => startNs >= fromNs && startNs < toNs);
    if (inside.length > 0) yield inside;
    if ((batch.at(-1)?.startNs ?? 0) >= toNs) return;
  }
}
