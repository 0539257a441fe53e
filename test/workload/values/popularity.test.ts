import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededStream } from '../../../src/workload/streams/seeded-stream.ts';
import { createChoice } from '../../../src/workload/values/popularity.ts';

const DRAWS = 20_000;

function countsOf(kind: 'uniform' | 'zipf', count: number, exponent = 1): number[] {
  const popularity = kind === 'zipf' ? { kind, exponent } : { kind };
  const choice = createChoice(popularity, count, new SeededStream(5, 'keys'));
  const counts = new Array<number>(count).fill(0);
  for (let index = 0; index < DRAWS; index++) counts[choice(index)] = (counts[choice(index)] as number) + 1;
  return counts;
}

/** Chi square per degree of freedom; 2 is far out for 9 to 49 of them. */
function misfit(counts: number[], shares: number[]): number {
  const sum = shares.reduce((a, b) => a + b, 0);
  const chi = counts.reduce((all, count, i) => {
    const expected = (DRAWS * (shares[i] as number)) / sum;
    return all + (count - expected) ** 2 / expected;
  }, 0);
  return chi / (counts.length - 1);
}

test('uniform popularity chooses all alike', () => {
  assert.ok(misfit(countsOf('uniform', 50), new Array<number>(50).fill(1)) < 1.9);
});

test('zipf follows its exponent', () => {
  for (const exponent of [0.5, 1, 1.7, 3]) {
    const shares = Array.from({ length: 10 }, (_, rank) => (rank + 1) ** -exponent);
    const value = misfit(countsOf('zipf', 10, exponent), shares);
    assert.ok(value < 2.7, `exponent ${exponent}: ${value}`);
  }
});

test('zipf stays inside of a million things', () => {
  const choice = createChoice({ kind: 'zipf', exponent: 1 }, 1e6, new SeededStream(5, 'keys'));
  const drawn = Array.from({ length: 5000 }, (_, index) => choice(index));
  assert.ok(drawn.every((key) => Number.isInteger(key) && key >= 0 && key < 1e6));
  const first = drawn.filter((key) => key === 0).length / 5000;
  assert.ok(Math.abs(first - 1 / 14.39) < 0.015, `${first}`);
});

test('one thing is always chosen', () => {
  assert.equal(createChoice({ kind: 'zipf', exponent: 1 }, 1, new SeededStream(5, 'keys'))(3), 0);
});
