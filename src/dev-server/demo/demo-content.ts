import { uniformOf } from '../faults/seeded.ts';
import { EMBEDDING_LENGTH } from '../store/vector-table.ts';

const TOPICS = ['river', 'garden', 'market', 'winter', 'engine', 'letter', 'harbour', 'orchard'];
const PEOPLE = ['Ada', 'Bo', 'Chen', 'Dita'];
const CLUSTERS = 12;
/** Spread around a cluster's centre: two of its members have a cosine of about 0.57, well below a duplicate's 0.95. */
const SPREAD = 0.5;

/** Made-up content that depends only on the seed and `number`. */
export interface DemoContent {
  sentence(number: number): string;
  topic(number: number): string;
  person(number: number): string;
  /** 768 values with four decimals, near one of twelve centres. */
  embedding(number: number): number[];
}

export function createDemoContent(seed: number): DemoContent {
  const pick = (words: readonly string[], number: number, draw: number) =>
    words[Math.floor(uniformOf(seed, number, draw) * words.length)] ?? '';
  const topic = (number: number) => pick(TOPICS, number, 1);
  const person = (number: number) => pick(PEOPLE, number, 2);
  return {
    topic,
    person,
    sentence: (number) =>
      `${person(number)} spoke of the ${topic(number)} at ${pick(TOPICS, number, 3)} gate, note ${number}`,
    embedding(number) {
      const centre = Math.floor(uniformOf(seed, number, 4) * CLUSTERS);
      return Array.from({ length: EMBEDDING_LENGTH }, (_, i) => {
        const value =
          2 * uniformOf(seed + 1, centre, i) - 1 + 2 * SPREAD * (uniformOf(seed, number, 8 + i) * 2 - 1);
        return Math.round(value * 1e4) / 1e4;
      });
    },
  };
}
