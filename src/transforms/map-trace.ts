import type { RecordMap, TraceRecord } from '../trace/record/record.ts';
import { NO_HINTS } from '../trace/stats/plan-hints.ts';
import type { ReadOptions, Trace } from '../trace/trace.ts';
import { mapRecords } from './map-records.ts';

/**
 * The trace of what `map` makes of the records of another (see `mapRecords`): to be written, or played. How many there
 * will be, and of what kind, is known when they have been made. Closing it closes the other.
 */
export function mapTrace(trace: Trace, map: RecordMap): Trace {
  return {
    name: trace.name,
    format: trace.format,
    header: { ...trace.header, sorted: true },
    index: undefined,
    hints: NO_HINTS,
    seekable: trace.seekable,
    warnings: trace.warnings,
    // What is made of records stands in no block, and is given back to none.
    records: ({ fromNs, toNs, ahead, onDamage } = {}) =>
      within(mapRecords(trace.records({ ahead, onDamage }), map), { fromNs, toNs }),
    get loss() {
      return trace.loss;
    },
    close: () => trace.close(),
  };
}

/** A map may move records, so that bounds hold for what it made. */
async function* within(
  batches: AsyncIterable<TraceRecord[]>,
  { fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY }: ReadOptions,
): AsyncGenerator<TraceRecord[]> {
  for await (const batch of batches) {
    const inside = batch.filter(({ startNs }) => startNs >= fromNs && startNs < toNs);
    if (inside.length > 0) yield inside;
    if ((batch.at(-1)?.startNs ?? 0) >= toNs) return;
  }
}
