import type { FrozenHistogram, Histogram } from './histogram.ts';

/** What was recorded into histograms since they were drained last, by name; those with nothing new are not there. */
export type HistogramParts<Name extends string> = { [Each in Name]?: FrozenHistogram };

/** Drains the histograms of those names. */
export function drainHistograms<Name extends string>(
  histograms: Readonly<Record<Name, Histogram>>,
  names: readonly Name[],
): HistogramParts<Name> {
  const parts: HistogramParts<Name> = {};
  for (const name of names) {
    const drained = histograms[name].drain();
    if (drained !== undefined) parts[name] = drained;
  }
  return parts;
}

/** Adds what was drained, each to the histogram of its name. */
export function addHistograms<Name extends string>(
  histograms: Readonly<Record<Name, Histogram>>,
  parts: HistogramParts<Name>,
): void {
  for (const name of Object.keys(parts) as Name[]) {
    const part = parts[name];
    if (part !== undefined) histograms[name].addFrozen(part);
  }
}
