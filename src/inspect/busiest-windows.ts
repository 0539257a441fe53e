import { isoTime } from '../iso-time.ts';

const MOST_WINDOWS = 5;
const HOUR_S = 3600;
const MINUTE_S = 60;

/** Arrivals per step, from a wall-clock time on. */
export interface Timeline {
  startUnixNs: bigint;
  stepNs: number;
  counts: readonly number[];
}

/** Windows of one width that do not overlap, the busiest first. */
export interface BusiestWindows {
  width_s: number;
  windows: { start: string; records: number; rate_per_s: number }[];
}

/**
 * The busiest hours and minutes of a timeline (seconds of a short one): exact counts of windows that start at one of its
 * steps and are whole steps wide, which for a long one may be more than was asked for.
 */
export function busiestWindows(timeline: Timeline): BusiestWindows[] {
  const spanS = (timeline.counts.length * timeline.stepNs) / 1e9;
  const perWindow = widthsFor(spanS).map((widthS) =>
    Math.max(1, Math.round((widthS * 1e9) / timeline.stepNs)),
  );
  return [...new Set(perWindow)].map((steps) => ({
    width_s: (steps * timeline.stepNs) / 1e9,
    windows: peaks(timeline.counts, steps).map(({ at, records }) => ({
      start: isoTime(timeline.startUnixNs + BigInt(at) * BigInt(timeline.stepNs)),
      records,
      rate_per_s: records / ((steps * timeline.stepNs) / 1e9),
    })),
  }));
}

/** The widths of windows for a span: of a day one wants the hour and the minute in it; a few windows are no choice. */
function widthsFor(spanS: number): number[] {
  if (spanS >= MOST_WINDOWS * HOUR_S) return [HOUR_S, MINUTE_S];
  if (spanS >= MOST_WINDOWS * MINUTE_S) return [MINUTE_S];
  return spanS > 1 ? [1] : [];
}

/** The highest sums of so many neighbours; each next one among those that do not overlap those before. */
function peaks(counts: readonly number[], steps: number): { at: number; records: number }[] {
  const sums = slidingSums(counts, steps);
  const order = sums.map((_, at) => at).sort((a, b) => (sums[b] ?? 0) - (sums[a] ?? 0) || a - b);
  const found: { at: number; records: number }[] = [];
  for (const at of order) {
    const records = sums[at] ?? 0;
    if (found.length === MOST_WINDOWS || records === 0) break;
    if (found.every((other) => Math.abs(other.at - at) >= steps)) found.push({ at, records });
  }
  return found;
}

function slidingSums(counts: readonly number[], steps: number): number[] {
  let sum = 0;
  const sums: number[] = [];
  counts.forEach((count, i) => {
    sum += count - (counts[i - steps] ?? 0);
    if (i >= steps - 1) sums.push(sum);
  });
  return sums;
}
