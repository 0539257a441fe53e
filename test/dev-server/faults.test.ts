import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFaults } from '../../src/dev-server/faults/faults.ts';
import { parseLatency } from '../../src/dev-server/faults/latency.ts';
import { uniformOf } from '../../src/dev-server/faults/seeded.ts';
import { afterStalls, parseStall } from '../../src/dev-server/faults/stall.ts';
import { EngramTraceError } from '../../src/error.ts';
import { sampleTimeNs } from '../../src/time-distribution.ts';
import fc from '../support/fast-check.ts';

const isUsage = (error: unknown) => error instanceof EngramTraceError && error.code === 'usage';
const sampled = (spec: string, seed = 1) =>
  Array.from({ length: 20_000 }, (_, i) =>
    sampleTimeNs(parseLatency(spec), (draw) => uniformOf(seed, i, draw)),
  );
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length / 2] ?? 0;
const near = (actual: number, expected: number, share: number) =>
  assert.ok(Math.abs(actual / expected - 1) < share, `${actual} is not within ${share} of ${expected}`);

test('latency specs are read, and what is none is a usage error', () => {
  assert.deepEqual(parseLatency('0'), { kind: 'fixed', ns: 0 });
  assert.deepEqual(parseLatency('5ms'), { kind: 'fixed', ns: 5e6 });
  assert.deepEqual(parseLatency('250us'), { kind: 'fixed', ns: 250e3 });
  assert.deepEqual(parseLatency('1h'), { kind: 'fixed', ns: 3600e9 });
  assert.deepEqual(parseLatency('uniform:1ms,5ms'), { kind: 'uniform', lowNs: 1e6, highNs: 5e6 });
  assert.deepEqual(parseLatency('exp:5ms'), { kind: 'exp', meanNs: 5e6 });
  assert.deepEqual(parseLatency('lognormal:5ms,0.5'), { kind: 'lognormal', medianNs: 5e6, sigma: 0.5 });
  assert.deepEqual(parseLatency('pareto:1ms,1.5'), { kind: 'pareto', minimumNs: 1e6, alpha: 1.5 });
  const wrong = [
    '',
    'x',
    '-5ms',
    '5 furlongs',
    'uniform:5ms',
    'uniform:5ms,1ms',
    'exp:1ms,2ms',
    'normal:1ms,2ms',
  ];
  for (const spec of [
    ...wrong,
    'lognormal:5ms,',
    'lognormal:5ms,-1',
    'pareto:1ms,0',
    'pareto:1ms,x',
    '1e400ms',
  ]) {
    assert.throws(() => parseLatency(spec), isUsage, spec);
  }
});

test('each distribution has the moments it names', () => {
  assert.ok(sampled('5ms').every((ns) => ns === 5e6));
  const uniform = sampled('uniform:1ms,5ms');
  assert.ok(uniform.every((ns) => ns >= 1e6 && ns <= 5e6));
  near(mean(uniform), 3e6, 0.02);
  near(mean(sampled('exp:5ms')), 5e6, 0.04);
  near(median(sampled('lognormal:5ms,0.5')), 5e6, 0.03);
  near(mean(sampled('lognormal:5ms,0.5')), 5e6 * Math.exp(0.125), 0.03);
  const pareto = sampled('pareto:1ms,2');
  assert.ok(Math.min(...pareto) >= 1e6);
  near(median(pareto), 1e6 * Math.SQRT2, 0.03);
});

test('samples depend on the seed and the number alone', () => {
  assert.deepEqual(sampled('exp:5ms', 7), sampled('exp:5ms', 7));
  assert.notDeepEqual(sampled('exp:5ms', 7), sampled('exp:5ms', 8));
});

test('uniform numbers fill [0, 1) evenly for neighbouring operations', () => {
  const bins = new Array<number>(20).fill(0);
  for (let i = 0; i < 40_000; i++) {
    const value = uniformOf(3, i, 1);
    assert.ok(value >= 0 && value < 1);
    bins[Math.floor(value * 20)] = (bins[Math.floor(value * 20)] ?? 0) + 1;
  }
  for (const bin of bins) near(bin, 2000, 0.1);
});

test('a stall is LENGTH@START, and what falls due inside waits for its end', () => {
  assert.deepEqual(parseStall('2s@10s'), { startNs: 10e9, endNs: 12e9 });
  for (const text of ['2s', '@', '2s@', '2s@3s@4s', 'x@1s'])
    assert.throws(() => parseStall(text), isUsage, text);
  const stalls = [parseStall('2s@10s'), parseStall('1s@12s'), parseStall('1s@20s')];
  assert.equal(afterStalls(stalls, 9e9), 9e9);
  assert.equal(afterStalls(stalls, 10e9), 13e9);
  assert.equal(afterStalls(stalls, 12.5e9), 13e9);
  assert.equal(afterStalls(stalls, 13e9), 13e9);
});

test('no answer is ever due inside a stall, whatever the order they were given in', () => {
  const stall = fc
    .tuple(fc.nat(1000), fc.nat(300))
    .map(([startNs, length]) => ({ startNs, endNs: startNs + length }));
  fc.assert(
    fc.property(fc.array(stall, { maxLength: 6 }), fc.nat(1500), (stalls, fromNs) => {
      const faults = createFaults({
        seed: 1,
        latency: { kind: 'fixed', ns: 0 },
        errorRate: 0,
        stalls,
        startNs: 500,
      });
      const due = faults.dueNs(0, 0, 500 + fromNs) - 500;
      assert.ok(due >= fromNs);
      for (const { startNs, endNs } of stalls) assert.ok(due < startNs || due >= endNs);
    }),
    { numRuns: 2000, seed: 3 },
  );
});

test('the error rate is met, and repeats', () => {
  const faults = (errorRate: number) =>
    createFaults({ seed: 9, latency: { kind: 'fixed', ns: 0 }, errorRate, stalls: [], startNs: 0 });
  const failing = (errorRate: number) =>
    Array.from({ length: 20_000 }, (_, i) => i).filter((i) => faults(errorRate).fails(i));
  near(failing(0.1).length, 2000, 0.1);
  assert.deepEqual(failing(0.1), failing(0.1));
  assert.equal(failing(0).length, 0);
  assert.equal(failing(1).length, 20_000);
});
