import { fnv1a, mix32 } from '../../hash.ts';
import type { ShardPart } from '../replay-options.ts';

/**
 * The shard of a session, always the same: FNV-1a over its UTF-16 units, stirred, as its low bits alone are poor.
 * `within`: among the sessions of one shard of so many, which agree in what tells those shards apart.
 */
export function shardOf(session: string, shards: number, within = 1): number {
  const value = mix32(fnv1a(session));
  return (within === 1 ? value : Math.floor(value / within)) % shards;
}

/** Whether a session is played by this shard; without one, every session is. */
export function isInShard(session: string, shard: ShardPart | undefined): boolean {
  return shard === undefined || shardOf(session, shard.of) === shard.index;
}
