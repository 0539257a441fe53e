import type { ScenarioData } from '../scenario/scenario.ts';
import { SeededStream } from '../streams/seeded-stream.ts';

/** The text of the memory with this key, always the same; it begins with words of its own. */
export type ContentOf = (key: number) => string;

const WORDS =
  'river garden market winter engine letter harbour orchard bridge lantern meadow signal copper thread window valley';
const POOL_CHARS = 8192;

/** Texts of the scenario's sizes: a number, and a run of words out of a pool. */
export function createContent(
  { leastContentBytes, mostContentBytes }: ScenarioData,
  seed: number,
): ContentOf {
  const sizes = new SeededStream(seed, 'sizes');
  const places = new SeededStream(seed, 'content');
  const pool = wordPool(POOL_CHARS + mostContentBytes);
  return (key) => {
    const size = leastContentBytes + sizes.below(mostContentBytes - leastContentBytes + 1, key);
    const from = places.below(POOL_CHARS, key);
    return `note ${key} ${pool.slice(from, from + size)}`.slice(0, size);
  };
}

function wordPool(chars: number): string {
  const words = WORDS.split(' ');
  const picks = new SeededStream(0, 'words');
  let pool = '';
  for (let index = 0; pool.length < chars; index++) pool += `${words[picks.below(words.length, index)]} `;
  return pool;
}
