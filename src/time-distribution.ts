import { parseDurationNs } from './duration.ts';
import { EngramTraceError } from './error.ts';
import { exponential, naturalLog, sineOfTurns } from './exact-math.ts';

/** How lengths of time are spread. */
export type TimeDistribution =
  | { kind: 'fixed'; ns: number }
  | { kind: 'uniform'; lowNs: number; highNs: number }
  | { kind: 'exp'; meanNs: number }
  | { kind: 'lognormal'; medianNs: number; sigma: number }
  | { kind: 'pareto'; minimumNs: number; alpha: number };

/** Longest time a heavy tail may give. */
const MAX_NS = 600e9;

/**
 * Reads `0`, `5ms`, `uniform:1ms,5ms`, `exp:5ms` (mean), `lognormal:5ms,0.5` (median, sigma), `pareto:1ms,1.5` (minimum,
 * alpha); `what` names the option in errors.
 */
export function parseTimeDistribution(spec: string, what: string): TimeDistribution {
  const colon = spec.indexOf(':');
  if (colon < 0) return { kind: 'fixed', ns: parseDurationNs(spec, what) };
  const kind = spec.slice(0, colon);
  const parts = spec.slice(colon + 1).split(',');
  const [first = '', second] = parts;
  if (kind === 'exp' && parts.length === 1) return { kind, meanNs: parseDurationNs(first, what) };
  if (second === undefined || parts.length !== 2) throw badDistribution(spec, what);
  const ns = parseDurationNs(first, what);
  if (kind === 'lognormal') return { kind, medianNs: ns, sigma: positiveNumber(second, spec, what) };
  if (kind === 'pareto') return { kind, minimumNs: ns, alpha: positiveNumber(second, spec, what) };
  const highNs = parseDurationNs(second, what);
  if (kind !== 'uniform' || highNs < ns) throw badDistribution(spec, what);
  return { kind, lowNs: ns, highNs };
}

/**
 * Draws one time in integer ns by inversion (lognormal: Box and Muller); `uniform(i)` gives the i-th number in [0, 1). The
 * same numbers give the same times on any machine and Node.
 */
export function sampleTimeNs(distribution: TimeDistribution, uniform: (draw: number) => number): number {
  return Math.round(Math.min(MAX_NS, sampleNs(distribution, uniform)));
}

function sampleNs(distribution: TimeDistribution, uniform: (draw: number) => number): number {
  switch (distribution.kind) {
    case 'fixed':
      return distribution.ns;
    case 'uniform':
      return distribution.lowNs + (distribution.highNs - distribution.lowNs) * uniform(0);
    case 'exp':
      return -distribution.meanNs * naturalLog(1 - uniform(0));
    case 'lognormal': {
      const normal = Math.sqrt(-2 * naturalLog(1 - uniform(0))) * sineOfTurns(uniform(1) + 1 / 4);
      return distribution.medianNs * powerOfE(distribution.sigma * normal);
    }
    case 'pareto':
      return distribution.minimumNs * powerOfE(-naturalLog(1 - uniform(0)) / distribution.alpha);
  }
}

/** Beyond this power of e every time is the longest, or none at all. */
const MOST_POWER = 700;

function powerOfE(power: number): number {
  return exponential(Math.max(-MOST_POWER, Math.min(MOST_POWER, power)));
}

function positiveNumber(text: string, spec: string, what: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw badDistribution(spec, what);
  return value;
}

function badDistribution(spec: string, what: string): EngramTraceError {
  return new EngramTraceError('usage', `${what}: "${spec}" is not a distribution`, {
    hint: 'Use 5ms, uniform:1ms,5ms, exp:5ms, lognormal:5ms,0.5 or pareto:1ms,1.5.',
  });
}
