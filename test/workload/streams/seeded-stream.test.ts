import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exponential, naturalLog, sineOfTurns } from '../../../src/exact-math.ts';
import { SeededStream } from '../../../src/workload/streams/seeded-stream.ts';

const GOLDEN = [2096890485, 3493630407, 3639636732];
const GOLDEN_LOG = -0.33555371010063384;

test('a seed gives the same numbers on every machine', () => {
  const stream = new SeededStream(42, 'arrivals');
  assert.deepEqual([stream.uint32(0), stream.uint32(1), stream.uint32(2 ** 33, 7)], GOLDEN);
  assert.equal(naturalLog(stream.positive(3)), GOLDEN_LOG);
});

test('purpose, seed, index and draw each give other numbers', () => {
  const seen = new Set<number>();
  for (const seed of [1, 2, 2 ** 40]) {
    for (const purpose of ['keys', 'spaces']) {
      const stream = new SeededStream(seed, purpose);
      for (let index = 0; index < 50; index++)
        for (let draw = 0; draw < 4; draw++) seen.add(stream.uint32(index, draw));
    }
  }
  assert.ok(seen.size >= 3 * 2 * 50 * 4 - 1);
});

test('numbers drawn in a list are those drawn one by one', () => {
  const stream = new SeededStream(2 ** 40 + 1, 'lists');
  for (const [index, draw] of [
    [0, 0],
    [2 ** 33 + 5, 511],
  ] as const) {
    const uniforms = new Float64Array(9);
    const bells = new Float64Array(9);
    stream.uniforms(uniforms, index, draw);
    stream.bells(bells, index, draw);
    assert.deepEqual(
      uniforms,
      uniforms.map((_, i) => stream.uniform(index, draw + i)),
    );
    assert.deepEqual(
      bells,
      bells.map((_, i) => stream.bell(index, draw + 2 * i)),
    );
  }
});

test('uniform numbers are uniform, and the bell has mean 0 and variance 1', () => {
  const stream = new SeededStream(7, 'test');
  const count = 20_000;
  const bins = new Array<number>(16).fill(0);
  let [sum, squares] = [0, 0];
  for (let index = 0; index < count; index++) {
    bins[stream.below(16, index)] = (bins[stream.below(16, index)] as number) + 1;
    const bell = stream.bell(index, 2);
    sum += bell;
    squares += bell * bell;
  }
  const chiSquare = bins.reduce((all, seen) => all + (seen - count / 16) ** 2 / (count / 16), 0);
  assert.ok(chiSquare < 37.7, `chi square ${chiSquare}`); // 0.1 % at 15 degrees of freedom
  assert.ok(Math.abs(sum / count) < 0.025);
  assert.ok(Math.abs(squares / count - 1) < 0.03);
});

test('logarithm, exponential and sine agree with those of Math', () => {
  for (let i = 1; i < 2000; i++) {
    const value = i / 7;
    assert.ok(Math.abs(naturalLog(value) - Math.log(value)) < 1e-13);
    assert.ok(Math.abs(naturalLog(1 / value) + Math.log(value)) < 1e-13);
    const power = (i - 1000) / 50;
    assert.ok(Math.abs(exponential(power) / Math.exp(power) - 1) < 1e-13);
    assert.ok(Math.abs(sineOfTurns(i / 300) - Math.sin((2 * Math.PI * i) / 300)) < 1e-12);
  }
  assert.ok(Math.abs(naturalLog(2 ** -53) - Math.log(2 ** -53)) < 1e-13);
});
