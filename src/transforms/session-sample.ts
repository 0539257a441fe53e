import { fnv1a, mix32 } from '../hash.ts';

/**
 * Chooses whole sessions: those whose seeded hash lies below `ratio` of the range. The same seed gives nested samples,
 * so a sample of 0.5 sampled again at 0.1 is the sample of 0.1.
 */
export function createSessionSample(ratio: number, seed: number): (session: string) => boolean {
  const limit = ratio * 2 ** 32;
  const start = fnv1a(`${seed}:`);
  return (session) => mix32(fnv1a(session, start)) < limit;
}
