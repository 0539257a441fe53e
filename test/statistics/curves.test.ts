import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fallingFit } from '../../src/statistics/isotonic.ts';
import { kneeOf } from '../../src/statistics/knee.ts';
import { monotoneCurve, rootOfFalling } from '../../src/statistics/monotone-curve.ts';
import { scalabilityLaw, throughputAt } from '../../src/statistics/scalability-law.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';
import fc from '../support/fast-check.ts';

const number = fc.double({ min: -100, max: 100, noNaN: true });
const seen = fc.array(
  fc.record({ x: fc.integer({ min: 0, max: 20 }), y: number, weight: fc.integer({ min: 1, max: 5 }) }),
  {
    minLength: 1,
    maxLength: 15,
  },
);

const sumOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0);

describe('the falling fit', () => {
  it('never rises, keeps what falls already, and no other falling values are nearer', () => {
    fc.assert(
      fc.property(
        seen,
        fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 21, maxLength: 21 }),
        number,
        (points, steps, top) => {
          const fit = fallingFit(points);
          assert.ok(fit.every(({ y }, i) => i === 0 || y <= (fit[i - 1]?.y ?? Infinity) + 1e-9));
          const distance = (at: (x: number) => number) =>
            points.reduce((sum, { x, y, weight }) => sum + weight * (y - at(x)) ** 2, 0);
          const own = distance((x) => fit.find((each) => each.x === x)?.y ?? Number.NaN);
          const other = steps.map((_, x) => top - sumOf(steps.slice(0, x + 1)));
          assert.ok(own <= distance((x) => other[x] ?? Number.NaN) + 1e-6);
        },
      ),
    );
    const falling = [
      { x: 1, y: 5, weight: 1 },
      { x: 2, y: 3, weight: 2 },
    ];
    assert.deepEqual(fallingFit(falling), [
      { x: 1, y: 5 },
      { x: 2, y: 3 },
    ]);
  });
});

describe('the monotone curve', () => {
  it('goes through its points and never rises between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 2, maxLength: 10 }),
        (steps) => {
          const points = steps.map((_, x) => ({ x: x * 1.5, y: 50 - sumOf(steps.slice(0, x + 1)) }));
          const curve = monotoneCurve(points);
          for (const point of points) assert.ok(Math.abs(curve(point.x) - point.y) < 1e-6);
          let before = Infinity;
          for (let x = -1; x < steps.length * 1.5 + 1; x += 0.05) {
            assert.ok(curve(x) <= before + 1e-6, `rises at ${x}`);
            before = curve(x);
          }
        },
      ),
    );
    const line = monotoneCurve([
      { x: 0, y: 2 },
      { x: 1, y: 0 },
      { x: 2, y: -2 },
    ]);
    assert.ok(Math.abs(rootOfFalling(line, 0, 2) - 1) < 1e-9);
  });
});

describe('the knee', () => {
  it('of a queue is where it turns steep, and a line has none', () => {
    const queue = Array.from({ length: 20 }, (_, i) => ({ x: i * 50, y: 1 / (1000 - i * 50) }));
    const knee = kneeOf(queue)?.x ?? 0;
    assert.ok(knee >= 750 && knee <= 900, `${knee}`);
    assert.equal(kneeOf(queue.map(({ x }) => ({ x, y: 2 * x }))), undefined);
    assert.equal(kneeOf(queue.slice(0, 3)), undefined);
  });
});

describe('the scalability law', () => {
  it('is recovered within a few per cent from noisy throughput', () => {
    const stream = new SeededStream(2, 'law');
    const truth = { rate: 900, contention: 0.03, crosstalk: 0.0004 };
    for (let round = 0; round < 20; round += 1) {
      const points = [1, 2, 4, 8, 16, 32, 64, 96].map((inFlight, i) => ({
        inFlight,
        perSecond: throughputAt(truth, inFlight) * (1 + 0.08 * (stream.positive(round * 10 + i) - 0.5)),
      }));
      const law = scalabilityLaw(points);
      assert.ok(law && Math.abs(law.rate / 900 - 1) < 0.1, JSON.stringify(law));
      assert.ok(Math.abs((law.peakInFlight ?? 0) / 49 - 1) < 0.25, JSON.stringify(law));
      assert.ok(Math.abs((law.peakPerSecond ?? 0) / throughputAt(truth, 49) - 1) < 0.06, JSON.stringify(law));
    }
  });

  it('is the fit with the least error of those without a coefficient below 0', () => {
    // Contention comes out below 0, and crosstalk alone fits to the digit.
    const truth = { rate: 100, contention: 0, crosstalk: 0.01 };
    const points = [1, 2, 3, 5, 8, 13, 21].map((inFlight, i) => ({
      inFlight,
      perSecond: throughputAt(truth, inFlight) * (i === 2 ? 1.001 : 1),
    }));
    const law = scalabilityLaw(points);
    assert.ok(law && Math.abs(law.crosstalk / 0.01 - 1) < 0.02 && law.contention === 0, JSON.stringify(law));
  });

  it('has no peak where more is always more, and is none of five points', () => {
    const linear = [1, 2, 3, 4, 5, 6, 7].map((inFlight) => ({ inFlight, perSecond: 100 * inFlight }));
    const law = scalabilityLaw(linear);
    assert.ok(law && Math.abs(law.rate - 100) < 1e-6 && law.peakInFlight === null, JSON.stringify(law));
    assert.equal(scalabilityLaw(linear.slice(0, 5)), undefined);
    assert.equal(scalabilityLaw(linear.map((point) => ({ ...point, inFlight: 3 }))), undefined);
  });
});
