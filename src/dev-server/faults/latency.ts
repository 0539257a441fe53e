import { parseTimeDistribution, type TimeDistribution } from '../../time-distribution.ts';

/** How long the server takes over an answer. */
export type Latency = TimeDistribution;

/** Reads a latency as `parseTimeDistribution` does. */
export function parseLatency(spec: string): Latency {
  return parseTimeDistribution(spec, 'latency');
}
