import { EngramTraceError } from '../../error.ts';
import { isPortable } from './closed-loop.ts';
import type { RunOptions } from './run-options.ts';

/** Throws `usage` for what has no meaning where clients wait for their answers, and would be passed over in silence. */
export function refuseForClients({
  closedLoop,
  senders = 1,
  only,
  range = {},
  replay = {},
}: Pick<RunOptions, 'closedLoop' | 'senders' | 'only' | 'range' | 'replay'>): void {
  if (closedLoop === undefined) return;
  // What can't be posted to a thread is played where it is.
  if (!isPortable(closedLoop.script) && senders > 1)
    throw usage(`clients of your own are played by one thread, and not by ${senders}`);
  const { multiplier = 1, copies = 1, loops = 1, upscale = 1, pace = [], maxGapNs, shard } = replay;
  const isGiven: Readonly<Record<string, boolean>> = {
    only: only !== undefined,
    range: Object.values(range).some((bound) => bound !== undefined),
    'replay.multiplier': multiplier !== 1,
    'replay.copies': copies !== 1,
    'replay.loops': loops !== 1,
    'replay.upscale': upscale !== 1,
    'replay.pace': pace.length > 0,
    'replay.maxGapNs': maxGapNs !== undefined,
    'replay.shard': shard !== undefined,
  };
  const [name] = Object.entries(isGiven).find(([, given]) => given) ?? [];
  if (name !== undefined) throw usage(`${name} is for a plan, and clients send when their answers are there`);
}

function usage(message: string): EngramTraceError {
  return new EngramTraceError('usage', message);
}
