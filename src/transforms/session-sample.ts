/**
 * Chooses whole sessions: those whose seeded hash lies below `ratio` of the range. The same seed gives nested samples,
 * so a sample of 0.5 sampled again at 0.1 is the sample of 0.1. FNV-1a (32 bits) over UTF-16 units, then the
 * finalizer of MurmurHash3, because FNV alone leaves the high bits of short, similar names alike.
 */
export function createSessionSample(ratio: number, seed: number): (session: string) => boolean {
  const limit = ratio * 2 ** 32;
  const start = fnv1a(0x811c9dc5, `${seed}:`);
  return (session) => mix(fnv1a(start, session)) < limit;
}

function fnv1a(start: number, text: string): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
