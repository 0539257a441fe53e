import type { PlanWatch } from '../../replay/plan/plan-watch.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import { Histogram } from '../histogram/histogram.ts';
import { DispersionCounter } from './dispersion.ts';
import { distributionDistance } from './distance.ts';

/** How near the arrivals of a plan that is heavier or lighter than its recording are to the recorded ones. */
export interface PlanNearness {
  /** Multiplier x copies x upscale: how many times as many operations a second. */
  rate_factor: number;
  /** How many times as many it really has: mean recorded gap over mean planned gap. */
  rate_ratio: number | null;
  /** Of the planned gaps, multiplied by `rate_factor`, and the recorded ones. */
  gap_ks: number | null;
  gap_w1_us: number | null;
  gap_w1_over_mean: number | null;
  /** Variance over mean of the arrivals in windows of each width, as they are. */
  dispersion: Record<`${'recorded' | 'planned'}_${'10ms' | '100ms' | '1000ms' | '10000ms'}`, number | null>;
}

/** Widths of the windows in which arrivals are counted, in ms. */
const WIDTHS_MS = [10, 100, 1000, 10_000] as const;

/** How many times as many operations a second the plan has; undefined where it is not the recording's, made heavier or lighter. */
export function rateFactorOf({ timing, multiplier, copies, upscale }: ReplayOptions): number | undefined {
  const factor = multiplier * copies * upscale;
  return timing.kind === 'absolute' && (multiplier !== 1 || copies > 1 || upscale > 1) ? factor : undefined;
}

/**
 * How near the arrivals of a heavier or lighter plan are to those of its recording. Its gaps are multiplied by how much
 * heavier it is: what is then left between the two is a change of shape.
 */
export class NearnessOfPlan implements PlanWatch {
  readonly #rateFactor: number;
  readonly #recorded = new Arrivals(1);
  readonly #planned: Arrivals;

  constructor(rateFactor: number) {
    this.#rateFactor = rateFactor;
    this.#planned = new Arrivals(rateFactor);
  }

  recorded(startNs: number): void {
    this.#recorded.add(startNs);
  }

  planned(dueNs: number): void {
    this.#planned.add(dueNs);
  }

  section(): PlanNearness {
    const [recorded, planned] = [this.#recorded, this.#planned];
    const distance = distributionDistance(recorded.gaps, planned.gaps);
    const meanNs = recorded.gaps.meanNs ?? 0;
    const plannedNs = planned.gaps.meanNs ?? 0;
    return {
      rate_factor: this.#rateFactor,
      rate_ratio: plannedNs > 0 && meanNs > 0 ? (this.#rateFactor * meanNs) / plannedNs : null,
      gap_ks: distance?.ks ?? null,
      gap_w1_us: distance === undefined ? null : distance.w1 / 1e3,
      gap_w1_over_mean: distance === undefined || meanNs === 0 ? null : distance.w1 / meanNs,
      dispersion: {
        ...recorded.dispersions('recorded'),
        ...planned.dispersions('planned'),
      } as PlanNearness['dispersion'],
    };
  }
}

/** Arrivals of one side. */
class Arrivals {
  readonly gaps = new Histogram({ lowestNs: 1 });
  readonly #gapFactor: number;
  readonly #counters = WIDTHS_MS.map((width) => new DispersionCounter(width * 1e6));
  #lastNs: number | undefined;

  constructor(gapFactor: number) {
    this.#gapFactor = gapFactor;
  }

  add(ns: number): void {
    if (this.#lastNs !== undefined)
      this.gaps.record(Math.round(Math.max(0, ns - this.#lastNs) * this.#gapFactor));
    this.#lastNs = ns;
    for (const counter of this.#counters) counter.add(ns);
  }

  dispersions(side: string): Record<string, number | null> {
    const entries = WIDTHS_MS.map((width, i) => [`${side}_${width}ms`, this.#counters[i]?.index ?? null]);
    return Object.fromEntries(entries);
  }
}
