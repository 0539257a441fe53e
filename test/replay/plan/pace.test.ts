import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDueTimes } from '../../../src/replay/plan/due-times.ts';
import { createPace, paceText } from '../../../src/replay/plan/pace.ts';
import type { PacePhase } from '../../../src/replay/replay-options.ts';
import fc from '../../support/fast-check.ts';
import { SECOND } from '../../support/replay-harness.ts';

const phases = (...given: [seconds: number, rate: number][]): PacePhase[] =>
  given.map(([seconds, rate]) => ({ durationNs: seconds * SECOND, rate }));

const TABLE: [what: string, PacePhase[], planS: number, replayS: number][] = [
  ['no phases: plan time is replay time', [], 7, 7],
  ['inside the first phase', phases([10, 2], [10, 1]), 6, 3],
  ['on the corner', phases([10, 2], [10, 1]), 20, 10],
  ['inside the second phase', phases([10, 2], [10, 1]), 25, 15],
  ['past the end the last phase goes on', phases([10, 2], [10, 0.5]), 45, 60],
  ['a slow phase stretches', phases([4, 0.25], [1, 1]), 0.5, 2],
  ['before the start the first phase holds', phases([10, 2], [10, 1]), -2, -1],
];

for (const [what, given, planS, replayS] of TABLE) {
  test(`pace: ${what}`, () => {
    const pace = createPace(given);
    assert.equal(pace.replayAt(planS * SECOND), replayS * SECOND);
    assert.equal(pace.planAt(replayS * SECOND), planS * SECOND);
  });
}

test('pace: the rate in force changes at the corners', () => {
  const { rateAt } = createPace(phases([10, 1], [300, 2], [30, 0.5]));
  const rates = [0, 9.99, 10, 309.9, 310, 1e6].map((seconds) => rateAt(seconds * SECOND));
  assert.deepEqual(rates, [1, 1, 2, 2, 0.5, 0.5]);
});

test('pace: as text', () => {
  assert.equal(paceText(phases([10, 1], [300, 2], [0.25, 0.5])), '10s@1 300s@2 0.25s@0.5');
});

const paceArb = fc.array(
  fc.record({
    durationNs: fc.integer({ min: 1, max: 600 * SECOND }),
    rate: fc.double({ min: 0.01, max: 100, noNaN: true }),
  }),
  { minLength: 1, maxLength: 8 },
);
const timeArb = fc.integer({ min: 0, max: 10_000 * SECOND });

test('pace: strictly rising, and each way undoes the other', () => {
  fc.assert(
    fc.property(paceArb, timeArb, timeArb, (given, a, b) => {
      const pace = createPace(given);
      if (a < b) assert.ok(pace.replayAt(a) < pace.replayAt(b));
      if (a < b) assert.ok(pace.planAt(a) < pace.planAt(b));
      assert.ok(Math.abs(pace.planAt(pace.replayAt(a)) - a) <= 1 + a * 1e-12);
      assert.ok(Math.abs(pace.replayAt(pace.planAt(a)) - a) <= 1 + a * 1e-12);
    }),
  );
});

test('pace: continuous at every corner, with the slope of the phase in between', () => {
  fc.assert(
    fc.property(paceArb, (given) => {
      const pace = createPace(given);
      let replayNs = 0;
      let planNs = 0;
      for (const { durationNs, rate } of given) {
        assert.ok(Math.abs(pace.planAt(replayNs) - planNs) <= 1 + planNs * 1e-12);
        assert.ok(Math.abs(pace.planAt(replayNs - 1) - planNs) <= 101, 'no jump from the left');
        const halfNs = durationNs / 2;
        assert.ok(Math.abs(pace.planAt(replayNs + halfNs) - (planNs + halfNs * rate)) <= 1 + planNs * 1e-12);
        replayNs += durationNs;
        planNs += durationNs * rate;
      }
    }),
  );
});

test('pace: bends due times, after the multiplier and after cut gaps, over passes and at a rate', () => {
  const dues = (given: Partial<Parameters<typeof createDueTimes>[0]>, startsS: number[], passes = 1) => {
    const timing = { kind: 'absolute' as const };
    const schedule = createDueTimes({ multiplier: 1, timing, pace: phases([10, 2], [10, 0.5]), ...given });
    const out: number[] = [];
    for (let pass = 0; pass < passes; pass += 1) {
      if (pass > 0) schedule.nextPass();
      for (const start of startsS) {
        schedule.next(start * SECOND);
        out.push(schedule.dueNs / SECOND);
      }
    }
    return out;
  };
  assert.deepEqual(dues({}, [5, 15, 25, 26]), [0, 5, 10, 12]);
  assert.deepEqual(dues({ multiplier: 2 }, [5, 15, 45, 47]), [0, 2.5, 10, 12]);
  assert.deepEqual(dues({ maxGapNs: 10 * SECOND }, [0, 100, 200, 201]), [0, 5, 10, 12]);
  assert.deepEqual(dues({}, [0, 10], 2), [0, 5, 10, 30]);
  assert.deepEqual(dues({ timing: { kind: 'rate', perSec: 0.1 } }, [0, 0, 0, 0]), [0, 5, 10, 30]);
});
