import type { Gap, TimeWindow } from '../../trace/record/record.ts';

/** How much of a trace's window nobody recorded. */
export interface CaptureGaps {
  count: number;
  totalNs: number;
  /** The share of the window; undefined where the trace has none. */
  share: number | undefined;
}

/** Adds up the gaps of a trace; what two of them have in common counts once, what lies outside the window not at all. */
export function captureGaps(gaps: readonly Gap[], window: TimeWindow | undefined): CaptureGaps {
  const { startNs, endNs } = window ?? { startNs: Number.NEGATIVE_INFINITY, endNs: Number.POSITIVE_INFINITY };
  let coveredNs = startNs;
  let totalNs = 0;
  for (const gap of [...gaps].sort((a, b) => a.startNs - b.startNs)) {
    const fromNs = Math.max(gap.startNs, coveredNs);
    const toNs = Math.min(gap.endNs, endNs);
    totalNs += Math.max(0, toNs - fromNs);
    coveredNs = Math.max(coveredNs, toNs);
  }
  const share = window !== undefined && endNs > startNs ? totalNs / (endNs - startNs) : undefined;
  return { count: gaps.length, totalNs, share };
}
