import type { WindowPairs } from './bootstrap-changes.ts';
import { bucketsIn, type HistogramWindow, SummedWindows } from './summed-windows.ts';

/** How long blocks of windows are that are drawn together. */
const BLOCK_S = 10;
/** Fewer blocks than that say nothing of how much a run differs from itself. */
export const FEWEST_BLOCKS = 6;

/**
 * Pairs the windows of two runs by when they start: what was due in one second of the plan is due in the same second of the
 * same plan. Windows without a partner are left out; undefined where too few are left.
 */
export function pairWindows(
  baseline: readonly HistogramWindow[],
  current: readonly HistogramWindow[],
): WindowPairs | undefined {
  const widthS = Math.max(0, ...[...baseline, ...current].map(({ width_s }) => width_s));
  const partners = new Map(merged(current, widthS).map((window) => [window.start, window.inside]));
  const pairs = merged(baseline, widthS).flatMap(({ start, inside }) => {
    const partner = partners.get(start);
    return partner === undefined ? [] : [[inside, partner] as const];
  });
  const blockPairs = Math.max(1, Math.round(BLOCK_S / widthS));
  if (pairs.length < FEWEST_BLOCKS * blockPairs) return undefined;
  const [before, after] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
  const buckets = bucketsIn(before.flat(), after.flat());
  return {
    baseline: new SummedWindows(before, buckets),
    current: new SummedWindows(after, buckets),
    ...{ pairs: pairs.length, blockPairs },
  };
}

/** The windows of a run in spans of one width: past an hour one of two runs may have wider ones. */
function merged(
  windows: readonly HistogramWindow[],
  widthS: number,
): { start: number; inside: HistogramWindow[] }[] {
  const spans = new Map<number, HistogramWindow[]>();
  for (const window of windows) {
    // Documents of before have none in any of them.
    if (typeof window.histogram !== 'string') continue;
    const start = Math.floor(window.start_s / widthS) * widthS;
    const inside = spans.get(start) ?? [];
    inside.push(window);
    spans.set(start, inside);
  }
  return [...spans].map(([start, inside]) => ({ start, inside })).sort((a, b) => a.start - b.start);
}
