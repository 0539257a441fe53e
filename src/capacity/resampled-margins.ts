import { SeededStream } from '../workload/streams/seeded-stream.ts';

const RESAMPLES = 60;

/** A margin as other runs of the same would have given it; none where it is exactly known. `what` names the run. */
export function resampledMargins(margin: number, sigma: number, what: string): number[] {
  if (!(sigma > 0)) return [];
  const noise = new SeededStream(1, what);
  return Array.from({ length: RESAMPLES }, (_, i) => margin + sigma * noise.bell(i));
}
