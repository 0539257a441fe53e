import { availableParallelism } from 'node:os';
import type { RunOptions } from '../options/run-options.ts';
import { defaultSenders } from './share.ts';

/**
 * How many threads send where nobody says so: what the rate of the plan needs. One thread plays what is stretched, which
 * moves a single plan, and what goes to a transport of the caller's, which can't be handed to another thread.
 */
export function sendersFor({
  trace,
  transport,
  replay = {},
}: Pick<RunOptions, 'trace' | 'transport' | 'replay'>): number {
  const { behind, timing, multiplier = 1, copies = 1, pace = [] } = replay;
  if (behind === 'stretch' || typeof transport === 'object') return 1;
  const cores = availableParallelism();
  if (timing?.kind === 'asap') return defaultSenders(cores);
  if (timing?.kind === 'rate') return defaultSenders(cores, timing.perSec);
  const recorded = trace.hints.ratePerSec;
  if (recorded === undefined) return defaultSenders(cores);
  return defaultSenders(cores, recorded * multiplier * copies * Math.max(1, ...pace.map(({ rate }) => rate)));
}
