/**
 * Which connections the operations of a session use. `pooled`: any that is free, as many as are needed. `recorded`:
 * its own, as when it was recorded. A number: that many for all sessions, each of which stays with one of them.
 */
export type ConnectionMode = 'pooled' | 'recorded' | number;

/** FNV-1a starts from here; another start than that by which sessions go to senders, as the two must not agree. */
const HASH_START = 0x9e3779b9;

/** The one of `pools` that a session belongs to, always the same: FNV-1a over its UTF-16 units, stirred. */
export function poolNumberOf(session: string, pools: number): number {
  let hash = HASH_START;
  for (let i = 0; i < session.length; i++) hash = Math.imul(hash ^ session.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % pools;
}
