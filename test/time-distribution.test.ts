import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTimeDistribution, sampleTimeNs } from '../src/time-distribution.ts';

const DRAWS = [
  [0, 0],
  [0.25, 0.5],
  [0.999999, 0.125],
] as const;

function sampled(spec: string): number[] {
  const distribution = parseTimeDistribution(spec, 'here');
  return DRAWS.map((draws) => sampleTimeNs(distribution, (draw) => draws[draw] ?? 0) + 0);
}

test('the same numbers give the same times on every engine', () => {
  assert.deepEqual(sampled('exp:10ms'), [0, 2_876_821, 138_155_106]);
  assert.deepEqual(sampled('lognormal:5ms,0.5'), [5_000_000, 3_421_825, 32_069_294]);
  assert.deepEqual(sampled('pareto:1ms,1.5'), [1_000_000, 1_211_414, 10_000_000_000]);
});

test('a spread without bounds ends at the longest time', () => {
  assert.deepEqual(sampled('lognormal:1ms,1000000000'), [1_000_000, 0, 600e9]);
  assert.deepEqual(sampled('pareto:1ms,0.0000001'), [1_000_000, 600e9, 600e9]);
});

test('no function of the engine that may differ in its last bit draws times', async () => {
  const { readFileSync } = await import('node:fs');
  const source = readFileSync(new URL('../../src/time-distribution.ts', import.meta.url), 'utf8');
  assert.doesNotMatch(source, /Math\.(log|exp|pow|sin|cos)| \*\* /);
});
