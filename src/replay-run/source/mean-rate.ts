import type { Trace } from '../../trace/trace.ts';

/** Records a second, from the first to the last, by the index of the trace; undefined where there is no index. */
export function meanRate({ index }: Trace): number | undefined {
  if (index === undefined) return undefined;
  const { records, firstStartNs, lastStartNs } = index.totals;
  return (records * 1e9) / Math.max(1, lastStartNs - firstStartNs);
}
