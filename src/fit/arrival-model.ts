import type { ArrivalSpec } from '../workload/arrivals/arrival-spec.ts';

/** An arrival process with the parameters that make the recording likeliest. */
export interface ArrivalModel {
  readonly spec: ArrivalSpec;
  /** Of the recorded starts under a process of this rate over time: sum of log rate at each, less its integral. */
  readonly logLikelihood: number;
  /** Parameters that were chosen to make it so. */
  readonly parameters: number;
}

/**
 * The Bayesian information criterion (Schwarz, Estimating the dimension of a model, 1978): lower is better, and each
 * further parameter has to earn its place.
 */
export function informationCriterion({ logLikelihood, parameters }: ArrivalModel, arrivals: number): number {
  return parameters * Math.log(Math.max(2, arrivals)) - 2 * logLikelihood;
}

/** The log likelihood of so many arrivals in a time (s) of one rate (per s). */
export function logLikelihoodOf(arrivals: number, ratePerSec: number, seconds: number): number {
  if (ratePerSec <= 0) return arrivals === 0 ? 0 : -Infinity;
  return arrivals * Math.log(ratePerSec) - ratePerSec * seconds;
}
