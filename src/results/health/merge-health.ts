import type { GeneratorHealth } from './generator-health.ts';

/**
 * Merges the health of several sending threads: the worst event-loop delay of any, and the collections of the thread
 * that collected longest (each stops only for its own). All else is that of the process.
 */
export function mergeHealth(whole: GeneratorHealth, senders: readonly GeneratorHealth[]): GeneratorHealth {
  return { ...whole, eventLoopDelay: worstDelay(senders), gc: mostCollected(senders) };
}

/** Finds the worst delay of all senders; undefined where it is not known of all. */
function worstDelay(senders: readonly GeneratorHealth[]): GeneratorHealth['eventLoopDelay'] {
  const delays = senders.map(({ eventLoopDelay }) => eventLoopDelay);
  const worst = { p50Ns: 0, p99Ns: 0, maxNs: 0 };
  for (const delay of delays) {
    if (delay === undefined) return undefined;
    worst.p50Ns = Math.max(worst.p50Ns, delay.p50Ns);
    worst.p99Ns = Math.max(worst.p99Ns, delay.p99Ns);
    worst.maxNs = Math.max(worst.maxNs, delay.maxNs);
  }
  return delays.length > 0 ? worst : undefined;
}

/** Finds the collections of the thread that collected longest: its share of the time is what the verdict looks at. */
function mostCollected(senders: readonly GeneratorHealth[]): GeneratorHealth['gc'] {
  let most: GeneratorHealth['gc'];
  for (const { gc } of senders) {
    if (gc === undefined) return undefined;
    if (most === undefined || gc.totalNs > most.totalNs) most = gc;
  }
  return most;
}
