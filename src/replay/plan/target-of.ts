import { fnv1a, mix32 } from '../../hash.ts';

/** Stirred in once more: the sessions of one shard agree in what tells the shards apart. */
const APART = 0x9e3779b9;

/**
 * The target of a session among so many, from 0; always the same, and whatever shard plays it. One without a name has one
 * too. What is in it is written in docs/replay-log.md: by it anybody can tell what went where.
 */
export function targetOf(session: string, targets: number): number {
  return targets === 1 ? 0 : mix32(mix32(fnv1a(session)) ^ APART) % targets;
}
