import { mix32 } from '../../hash.ts';

/** A uniform number in [0, 1) that depends only on the seed, the operation's number and which draw of it this is. */
export function uniformOf(seed: number, operation: number, draw: number): number {
  return hash32(seed, operation, draw) / 2 ** 32;
}

/** 32 well-mixed bits of the same three numbers (murmur3's mixing steps). */
export function hash32(seed: number, operation: number, draw: number): number {
  let hash = 0x9e3779b9;
  for (const value of [seed, Math.floor(seed / 2 ** 32), operation, Math.floor(operation / 2 ** 32), draw]) {
    let mixed = Math.imul(value | 0, 0xcc9e2d51);
    mixed = (mixed << 15) | (mixed >>> 17);
    hash ^= Math.imul(mixed, 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  return mix32(hash);
}
