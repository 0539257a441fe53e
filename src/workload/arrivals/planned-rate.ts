import { SeededStream } from '../streams/seeded-stream.ts';
import type { ArrivalSpec, MadeArrivals } from './arrival-spec.ts';
import { operationsIn } from './arrival-times.ts';
import { ratePieces } from './rate-pieces.ts';

/** The rate over the whole of a run, as the pattern has it; undefined where a recording decides. */
export function plannedRate(spec: ArrivalSpec, durationNs: number): number | undefined {
  switch (spec.pattern) {
    case 'trace':
      return undefined;
    case 'bursty':
      return spec.meanRate;
    case 'mmpp': {
      const { lowRate, highRate, lowNs, highNs } = spec;
      return (lowRate * lowNs + highRate * highNs) / (lowNs + highNs);
    }
    case 'ramp':
    case 'steps':
      return rateOfStages(spec, durationNs);
    case 'periodic_burst': {
      const { baseRate, burstRate, burstNs, periodNs } = spec;
      return (burstRate * burstNs + baseRate * (periodNs - burstNs)) / periodNs;
    }
    case 'periodic':
      return spec.baseRate;
    default:
      return spec.rate;
  }
}

/** Stages that a run ends in the middle of count as far as it gets. */
function rateOfStages(spec: MadeArrivals, durationNs: number): number {
  let operations = 0;
  let atNs = 0;
  for (const piece of ratePieces(spec, new SeededStream(0, ''))) {
    const lengthNs = Math.min(piece.lengthNs, durationNs - atNs);
    const share = piece.lengthNs === Infinity ? 1 : lengthNs / piece.lengthNs;
    const toRate = piece.fromRate + (piece.toRate - piece.fromRate) * share;
    operations += operationsIn({ ...piece, lengthNs, toRate });
    atNs += lengthNs;
    if (atNs >= durationNs) break;
  }
  return operations / (durationNs / 1e9);
}
