import type { RateStage } from '../workload/arrivals/arrival-spec.ts';
import { type ArrivalModel, informationCriterion, logLikelihoodOf } from './arrival-model.ts';
import type { BinnedArrivals } from './binned-arrivals.ts';
import { fitBursty } from './fit-bursty.ts';
import { fitPeriodic } from './fit-periodic.ts';

/** Gaps as even as this are those of a metronome. */
const METRONOME_CV = 0.2;
const STEPS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/** One arrival process that was tried, and how it did: the lowest criterion is chosen. */
export interface TriedModel {
  readonly model: ArrivalModel;
  readonly criterion: number;
}

/**
 * Chooses the arrival process of a recording: even, at one rate by chance (Poisson), with bursts by chance, up and down
 * as a sine, or in steps of rate. Gaps whose coefficient of variation is below 0.2 are even; among the others the lowest
 * Bayesian information criterion decides. All that were tried, the chosen one first.
 */
export function fitArrivals(counts: BinnedArrivals, gapVariation: number | undefined): TriedModel[] {
  const even =
    gapVariation !== undefined && gapVariation < METRONOME_CV ? [fitSteady(counts, 'constant')] : [];
  const byChance = [
    fitSteady(counts, 'poisson'),
    fitBursty(counts),
    fitPeriodic(counts),
    ...STEPS.map((steps) => fitSteps(counts, steps)),
  ];
  const models = (even.length > 0 ? even : byChance).filter((model) => model !== undefined);
  const tried = models.map((model) => ({ model, criterion: informationCriterion(model, counts.total) }));
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
