import { availableParallelism } from 'node:os';
import { isPortable } from '../options/closed-loop.ts';
import type { RunOptions } from '../options/run-options.ts';
import { defaultShards } from './share.ts';

/**
 * How many threads send where nobody says so: what the rate of the plan needs. One thread plays what is stretched, which
 * moves a single plan, and what goes to a transport or is done by clients of the caller's, which can't be handed to
 * another thread.
 */
export function sendersFor({
  trace,
  transport,
  closedLoop,
  replay = {},
}: Pick<RunOptions, 'trace' | 'transport' | 'closedLoop' | 'replay'>): number {
  const { behind, timing, multiplier = 1, copies = 1, upscale = 1, pace = [], shard = { of: 1 } } = replay;
  if (behind === 'stretch' || typeof transport === 'object') return 1;
  const cores = availableParallelism();
  if (closedLoop !== undefined)
    return isPortable(closedLoop.script) ? defaultShards(cores, closedLoop.mostPerSec) : 1;
  if (timing?.kind === 'asap') return defaultShards(cores);
  if (timing?.kind === 'rate') return defaultShards(cores, timing.perSec / shard.of);
  const recorded = trace.hints.ratePerSec;
  if (recorded === undefined) return defaultShards(cores);
  const highest = recorded * multiplier * copies * upscale * Math.max(1, ...pace.map(({ rate }) => rate));
  return defaultShards(cores, highest / shard.of);
}
