import { EngramTraceError } from '../error.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import { shardCount } from './create-player.ts';
import { refuseHeadersNotForGrpc } from './options/grpc-headers.ts';
import type { RunOptions } from './options/run-options.ts';
import type { OriginGuard } from './origin/origin-guard.ts';

/** Lists what a run would refuse before it sends anything, in its own words; empty: nothing. */
export function refusalsOf(
  run: RunOptions,
  options: ReplayOptions,
  guard: OriginGuard | undefined,
): EngramTraceError[] {
  return [
    ...refusalBy(() => guard?.checkOrigins()),
    ...refusalBy(() => refuseHeadersNotForGrpc(run)),
    ...refusalBy(() => shardCount(run.senders, options, run.connections)),
  ];
}

/** Turns what a check throws into a list; any error but `usage` and `empty` is thrown on. */
export function refusalBy(check: () => unknown): EngramTraceError[] {
  try {
    check();
    return [];
  } catch (thrown) {
    if (thrown instanceof EngramTraceError && (thrown.code === 'usage' || thrown.code === 'empty'))
      return [thrown];
    throw thrown;
  }
}
