import { fallingFit } from '../statistics/isotonic.ts';
import { monotoneCurve, rootOfFalling } from '../statistics/monotone-curve.ts';
import { MOST_MARGIN, type Probe } from './probe.ts';

/** The load at which the first limit is reached. */
export interface Boundary {
  readonly load: number;
  /** With 95 % confidence. */
  readonly low: number;
  readonly high: number;
  /** The limit that is reached there. */
  readonly bindingLimit: string;
}

const TAIL = 0.025;

/**
 * Where the first of the limits is reached: for each, margins that never rise with the load (isotonic regression), a smooth
 * curve through them over the logarithm of the load, and its root. The interval is that of the same for resampled windows.
 * Undefined where no limit has a probe on each side.
 */
export function fitBoundary(probes: readonly Probe[]): Boundary | undefined {
  const best = rootOf(probes, (margin) => margin.margin);
  if (best === undefined) return undefined;
  const resamples = Math.max(
    0,
    ...probes.flatMap(({ margins }) => margins.map((each) => each.resampled.length)),
  );
  const loads: number[] = [];
  for (let i = 0; i < resamples; i += 1) {
    const root = rootOf(probes, ({ margin, resampled }) => resampled[i] ?? margin);
    if (root !== undefined) loads.push(root.load);
  }
  loads.sort((a, b) => a - b);
  const at = (share: number): number => loads[Math.round(share * (loads.length - 1))] ?? best.load;
  return {
    load: best.load,
    low: Math.min(best.load, at(TAIL)),
    high: Math.max(best.load, at(1 - TAIL)),
    bindingLimit: best.name,
  };
}

type MarginValue = (margin: Probe['margins'][number]) => number;

function rootOf(probes: readonly Probe[], value: MarginValue): { load: number; name: string } | undefined {
  const names = new Set(probes.flatMap(({ margins }) => margins.map(({ name }) => name)));
  let first: { load: number; name: string } | undefined;
  for (const name of names) {
    const load = rootOfLimit(probes, name, value);
    if (load !== undefined && (first === undefined || load < first.load)) first = { load, name };
  }
  return first;
}

function rootOfLimit(probes: readonly Probe[], name: string, value: MarginValue): number | undefined {
  const seen = probes.flatMap(({ load, margins }) =>
    margins
      .filter((margin) => margin.name === name)
      .map((margin) => ({ x: Math.log(load), y: bounded(value(margin)), weight: 1 })),
  );
  const fitted = fallingFit(seen);
  const breach = fitted.findIndex(({ y }) => y < 0);
  const [before, after] = [fitted[breach - 1], fitted[breach]];
  if (before === undefined || after === undefined) return undefined;
  return Math.exp(rootOfFalling(monotoneCurve(fitted), before.x, after.x));
}

function bounded(margin: number): number {
  return Math.min(MOST_MARGIN, Math.max(-MOST_MARGIN, Number.isNaN(margin) ? -MOST_MARGIN : margin));
}
