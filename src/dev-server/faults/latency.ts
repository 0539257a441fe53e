import { EngramTraceError } from '../../error.ts';
import { parseDurationNs } from './duration.ts';

/** How long the server takes over an answer. */
export type Latency =
  | { kind: 'fixed'; ns: number }
  | { kind: 'uniform'; lowNs: number; highNs: number }
  | { kind: 'exp'; meanNs: number }
  | { kind: 'lognormal'; medianNs: number; sigma: number }
  | { kind: 'pareto'; minimumNs: number; alpha: number };

/** Longest time a heavy tail may give. */
const MAX_LATENCY_NS = 600e9;

/** Reads `0`, `5ms`, `uniform:1ms,5ms`, `exp:5ms` (mean), `lognormal:5ms,0.5` (median, sigma), `pareto:1ms,1.5` (minimum, alpha). */
export function parseLatency(spec: string): Latency {
  const colon = spec.indexOf(':');
  if (colon < 0) return { kind: 'fixed', ns: parseDurationNs(spec, 'latency') };
  const kind = spec.slice(0, colon);
  const parts = spec.slice(colon + 1).split(',');
  const [first = '', second] = parts;
  if (kind === 'exp' && parts.length === 1) return { kind, meanNs: parseDurationNs(first, 'latency') };
  if (second === undefined || parts.length !== 2) throw badLatency(spec);
  const ns = parseDurationNs(first, 'latency');
  if (kind === 'lognormal') return { kind, medianNs: ns, sigma: positiveNumber(second, spec) };
  if (kind === 'pareto') return { kind, minimumNs: ns, alpha: positiveNumber(second, spec) };
  const highNs = parseDurationNs(second, 'latency');
  if (kind !== 'uniform' || highNs < ns) throw badLatency(spec);
  return { kind, lowNs: ns, highNs };
}

/** Draws one latency in integer ns by inversion (lognormal: Box and Muller); `uniform(i)` gives the i-th number in [0, 1). */
export function sampleLatencyNs(latency: Latency, uniform: (draw: number) => number): number {
  return Math.round(Math.min(MAX_LATENCY_NS, sampleNs(latency, uniform)));
}

function sampleNs(latency: Latency, uniform: (draw: number) => number): number {
  switch (latency.kind) {
    case 'fixed':
      return latency.ns;
    case 'uniform':
      return latency.lowNs + (latency.highNs - latency.lowNs) * uniform(0);
    case 'exp':
      return -latency.meanNs * Math.log(1 - uniform(0));
    case 'lognormal': {
      const normal = Math.sqrt(-2 * Math.log(1 - uniform(0))) * Math.cos(2 * Math.PI * uniform(1));
      return latency.medianNs * Math.exp(latency.sigma * normal);
    }
    case 'pareto':
      return latency.minimumNs * (1 - uniform(0)) ** (-1 / latency.alpha);
  }
}

function positiveNumber(text: string, spec: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw badLatency(spec);
  return value;
}

function badLatency(spec: string): EngramTraceError {
  return new EngramTraceError('usage', `latency: "${spec}" is not a distribution`, {
    hint: 'Use 5ms, uniform:1ms,5ms, exp:5ms, lognormal:5ms,0.5 or pareto:1ms,1.5.',
  });
}
