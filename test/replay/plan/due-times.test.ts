import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDueTimes, type DueTimeOptions } from '../../../src/replay/plan/due-times.ts';
import fc from '../../support/fast-check.ts';

const ABSOLUTE: DueTimeOptions = { multiplier: 1, timing: { kind: 'absolute' } };

function dues(startsNs: number[], options: Partial<DueTimeOptions> = {}, passes = 1): number[] {
  const schedule = createDueTimes({ ...ABSOLUTE, ...options });
  const out: number[] = [];
  for (let pass = 0; pass < passes; pass += 1) {
    if (pass > 0) schedule.nextPass();
    for (const startNs of startsNs) {
      schedule.next(startNs);
      out.push(schedule.dueNs);
    }
  }
  return out;
}

const TABLE: [
  what: string,
  options: Partial<DueTimeOptions>,
  starts: number[],
  passes: number,
  expected: number[],
][] = [
  ['as recorded', {}, [1000, 1500, 4000], 1, [0, 500, 3000]],
  ['twice as fast', { multiplier: 2 }, [1000, 1500, 4000], 1, [0, 250, 1500]],
  ['half as fast', { multiplier: 0.5 }, [1000, 1500, 4000], 1, [0, 1000, 6000]],
  ['rounded once, not per gap', { multiplier: 3 }, [0, 1, 2, 3, 4], 1, [0, 0, 1, 1, 1]],
  [
    'long gaps are cut, then sped up',
    { maxGapNs: 100, multiplier: 2 },
    [0, 50, 5000, 5100],
    1,
    [0, 25, 75, 125],
  ],
  ['the seam of two passes is one mean gap', {}, [10, 20, 40], 2, [0, 10, 30, 45, 55, 75]],
  [
    'a window sets the length of a pass',
    { window: { startNs: 0, endNs: 100 } },
    [10, 40],
    3,
    [0, 30, 100, 130, 200, 230],
  ],
  ['slowed down and looped', { multiplier: 0.5 }, [0, 10], 3, [0, 20, 40, 60, 80, 100]],
  [
    'the seam is cut as well',
    { window: { startNs: 0, endNs: 1000 }, maxGapNs: 50 },
    [0, 10],
    2,
    [0, 10, 60, 70],
  ],
  ['one record, looped', {}, [7], 3, [0, 0, 0]],
  ['a start that goes back is due with the one before', {}, [100, 50, 120], 1, [0, 0, 70]],
  ['all at once', { timing: { kind: 'asap' } }, [0, 10, 20], 2, [0, 0, 0, 0, 0, 0]],
  [
    'evenly, over passes too',
    { timing: { kind: 'rate', perSec: 1000 } },
    [0, 1, 9],
    2,
    [0, 1e6, 2e6, 3e6, 4e6, 5e6],
  ],
];

for (const [what, options, starts, passes, expected] of TABLE) {
  test(`schedule: ${what}`, () => {
    assert.deepEqual(dues(starts, options, passes), expected);
  });
}

const startsArb = fc
  .array(fc.integer({ min: 0, max: 10_000_000_000 }), { minLength: 1, maxLength: 50 })
  .map((starts) => starts.sort((a, b) => a - b));
const multiplierArb = fc.double({ min: 0.01, max: 1000, noNaN: true });

test('schedule: every due time is the recorded offset over the multiplier, however many records came before', () => {
  fc.assert(
    fc.property(startsArb, multiplierArb, (starts, multiplier) => {
      const first = starts[0] ?? 0;
      const expected = starts.map((start) => Math.round((start - first) / multiplier));
      assert.deepEqual(dues(starts, { multiplier }), expected);
    }),
  );
});

test('schedule: due times never go back, and passes are equally long', () => {
  fc.assert(
    fc.property(
      startsArb,
      multiplierArb,
      fc.option(fc.integer({ min: 0, max: 1_000_000_000 }), { nil: undefined }),
      fc.integer({ min: 1, max: 4 }),
      (starts, multiplier, maxGapNs, passes) => {
        const out = dues(starts, { multiplier, maxGapNs }, passes);
        for (let at = 1; at < out.length; at += 1) assert.ok((out[at] ?? 0) >= (out[at - 1] ?? 0));
        const exact = dues(starts, { multiplier: 1, maxGapNs }, passes);
        const length = (exact[starts.length] ?? 0) - (exact[0] ?? 0);
        for (let pass = 1; pass < passes; pass += 1) {
          assert.equal(exact[pass * starts.length], pass * length);
          assert.equal(out[pass * starts.length], Math.round((pass * length) / multiplier));
        }
      },
    ),
  );
});

test('schedule: no gap is longer than the cut, and the sum is the sum of the cut gaps', () => {
  fc.assert(
    fc.property(startsArb, fc.integer({ min: 0, max: 1_000_000_000 }), (starts, maxGapNs) => {
      const out = dues(starts, { maxGapNs });
      let sum = 0;
      for (let at = 1; at < starts.length; at += 1) {
        sum += Math.min(maxGapNs, (starts[at] ?? 0) - (starts[at - 1] ?? 0));
        assert.equal(out[at], sum);
      }
    }),
  );
});

test('schedule: the timeline of session order counts on over passes without any cut', () => {
  const schedule = createDueTimes({ ...ABSOLUTE, maxGapNs: 1, multiplier: 10 });
  const seen: number[] = [];
  for (const start of [0, 1000]) {
    schedule.next(start);
    seen.push(schedule.timelineNs);
  }
  schedule.nextPass();
  schedule.next(0);
  assert.deepEqual([...seen, schedule.timelineNs], [0, 1000, 2000]);
});
