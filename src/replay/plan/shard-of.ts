/**
 * The shard of a session, always the same: FNV-1a over its UTF-16 units, stirred, as its low bits alone are poor.
 * `within`: among the sessions of one shard of so many, which agree in what tells those shards apart.
 */
export function shardOf(session: string, shards: number, within = 1): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < session.length; i++) hash = Math.imul(hash ^ session.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  const value = (hash ^ (hash >>> 16)) >>> 0;
  return (within === 1 ? value : Math.floor(value / within)) % shards;
}
