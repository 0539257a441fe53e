import type { ArrivalSpec, RateStage } from '../workload/arrivals/arrival-spec.ts';
import { type ArrivalModel, informationCriterion, logLikelihoodOf } from './arrival-model.ts';
import type { BinnedArrivals } from './binned-arrivals.ts';
import { fitBursty } from './fit-bursty.ts';
import { type CountedGaps, fitGaps } from './fit-gaps.ts';
import { fitMmpp } from './fit-mmpp.ts';
import { fitPeriodic } from './fit-periodic.ts';

/** Operations in a stretch of the higher rate. */
const FEWEST_IN_STRETCH = 10;
/** Gaps as even as this are those of a metronome. */
const METRONOME_CV = 0.2;
const STEPS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/** One arrival process that was tried, and how it did: the lowest criterion is chosen. */
export interface TriedModel {
  readonly model: ArrivalModel;
  readonly criterion: number;
}

/** The gaps of a recording, and how exactly its times are known. */
export interface RecordedGaps {
  readonly sizes: CountedGaps;
  readonly resolutionNs: number;
}

/**
 * Chooses the arrival process of a recording: even, at one rate by chance (Poisson), with bursts by chance, switching
 * between two rates (MMPP), up and down as a sine, or in steps of rate; and where the rate changes only from one
 * operation to the next, by the sizes of its gaps. Gaps whose coefficient of variation is below 0.2 are even; among the
 * others the lowest Bayesian information criterion decides. All that were tried, the chosen one first.
 */
export function fitArrivals(
  counts: BinnedArrivals,
  gapVariation: number | undefined,
  gaps?: RecordedGaps,
): TriedModel[] {
  const even =
    gapVariation !== undefined && gapVariation < METRONOME_CV ? [fitSteady(counts, 'constant')] : [];
  const byChance = [
    fitSteady(counts, 'poisson'),
    fitBursty(counts),
    fitMmpp(counts),
    fitPeriodic(counts),
    ...STEPS.map((steps) => fitSteps(counts, steps)),
  ];
  const tried = triedOf(even.length > 0 ? even : byChance, counts.total);
  const best = tried[0]?.model.spec;
  // Where the rate changes, gaps that don't know of it would say less, however well their sizes fit.
  if (gaps === undefined || best === undefined || changesRate(best)) return tried;
  return triedOf([...tried.map(({ model }) => model), fitGaps(gaps.sizes, gaps.resolutionNs)], counts.total);
}

/** Says that stretches of another rate are longer than a lump of a few operations, which gaps can tell as well. */
function changesRate(spec: ArrivalSpec): boolean {
  if (spec.pattern === 'poisson') return false;
  if (spec.pattern === 'mmpp') return spec.highRate * (spec.highNs / 1e9) >= FEWEST_IN_STRETCH;
  if (spec.pattern !== 'bursty') return true;
  const { meanRate, burstFactor, burstProbability, burstNs } = spec;
  const calmRate = meanRate / (1 - burstProbability + burstProbability * burstFactor);
  return calmRate * burstFactor * (burstNs / 1e9) >= FEWEST_IN_STRETCH;
}

function triedOf(models: readonly (ArrivalModel | undefined)[], arrivals: number): TriedModel[] {
  const fitted = models.filter((model) => model !== undefined);
  const tried = fitted.map((model) => ({ model, criterion: informationCriterion(model, arrivals) }));
  return tried.sort((a, b) => a.criterion - b.criterion);
}

function secondsOf({ counts, widthNs }: BinnedArrivals): number {
  return (counts.length * widthNs) / 1e9;
}

function fitSteady(counts: BinnedArrivals, pattern: 'poisson' | 'constant'): ArrivalModel {
  const seconds = secondsOf(counts);
  const rate = counts.total / seconds;
  return {
    spec: { pattern, rate },
    logLikelihood: logLikelihoodOf(counts.total, rate, seconds),
    parameters: 1,
  };
}

function fitSteps(counts: BinnedArrivals, steps: number): ArrivalModel | undefined {
  const bins = Math.ceil(counts.counts.length / steps);
  if (bins < 2) return undefined;
  const stages: RateStage[] = [];
  let logLikelihood = 0;
  for (let at = 0; at < counts.counts.length; at += bins) {
    const inside = counts.counts.subarray(at, at + bins);
    const arrivals = inside.reduce((sum, count) => sum + count, 0);
    const durationNs = inside.length * counts.widthNs;
    const rate = arrivals / (durationNs / 1e9);
    stages.push({ durationNs, rate });
    logLikelihood += logLikelihoodOf(arrivals, rate, durationNs / 1e9);
  }
  return { spec: { pattern: 'steps', startRate: 0, stages }, logLikelihood, parameters: stages.length };
}
