import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { ShardOptions } from './messages.ts';

/** More threads than this only wait for each other. */
const MOST_SHARDS = 8;

/** A shard keeps up with about twice as many a second, evenly spaced; bursts are some times the mean. */
const OPERATIONS_PER_SHARD = 10_000;

/**
 * Shards where nothing was said: what the mean rate (operations a second; undefined where it is not known) may need
 * in its bursts, and no more than leave a core for reading, and for the target. Each costs memory and CPU.
 */
export function defaultShards(cores: number, perSecond = Infinity): number {
  return Math.max(1, Math.min(MOST_SHARDS, cores - 1, Math.ceil(perSecond / OPERATIONS_PER_SHARD)));
}

/** What shard `number` of `shards` may use of `total`: the parts add up to it. */
export function partOf(total: number, number: number, shards: number): number {
  if (total === Infinity) return total;
  return Math.floor(total / shards) + (number < total % shards ? 1 : 0);
}

/** The options of one of several engines that together keep to `options`. */
export function shareOf(options: ReplayOptions, number: number, shards: number): ShardOptions {
  const { only: _only, dangerOf: _dangerOf, signal: _signal, ...shared } = options;
  const part = (total: number): number => Math.max(1, partOf(total, number, shards));
  // Clients limit themselves, and which of them one engine has is no even share.
  const { maxInFlight } = options;
  return {
    ...shared,
    maxInFlight: options.timing.kind === 'clients' ? maxInFlight : part(maxInFlight),
    readAheadRecords: part(options.readAheadRecords),
    readAheadBytes: part(options.readAheadBytes),
    maxHeldRecords: part(options.maxHeldRecords),
    maxHeldBytes: part(options.maxHeldBytes),
  };
}
