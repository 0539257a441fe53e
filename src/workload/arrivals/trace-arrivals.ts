import type { Trace } from '../../trace/trace.ts';

/** When the operations of a recording start, counted from its first, before `endNs`. */
export async function* traceArrivals(
  trace: Pick<Trace, 'records'>,
  endNs: number,
): AsyncGenerator<Float64Array> {
  let firstNs: number | undefined;
  for await (const batch of trace.records()) {
    firstNs ??= batch[0]?.startNs ?? 0;
    const times = Float64Array.from(batch, ({ startNs }) => startNs - (firstNs as number));
    const inside = times.findIndex((ns) => ns >= endNs);
    if (inside !== 0) yield inside < 0 ? times : times.subarray(0, inside);
    if (inside >= 0) return;
  }
}
