import { fnv1a, mix32 } from '../../hash.ts';

/**
 * Which connections the operations of a session use. `pooled`: any that is free, as many as are needed. `recorded`:
 * its own, as when it was recorded. A number: that many for all sessions, each of which stays with one of them.
 */
export type ConnectionMode = 'pooled' | 'recorded' | number;

/** The hash starts from here: another start than that by which sessions go to senders, as the two must not agree. */
const HASH_START = 0x9e3779b9;

/** The one of `pools` that a session belongs to, always the same. */
export function poolNumberOf(session: string, pools: number): number {
  return mix32(fnv1a(session, HASH_START)) % pools;
}
