import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AscendingMerge } from '../../../src/results/arrivals/ascending-merge.ts';
import fc from '../../support/fast-check.ts';

/** Ascending numbers with repeats, in pieces; after each piece its last number is known to be passed. */
const stream = fc.array(fc.array(fc.nat(3), { maxLength: 5 }), { maxLength: 12 }).map((pieces) => {
  let last = 0;
  return pieces.map((gaps) =>
    Float64Array.from(gaps, (gap) => {
      last += gap;
      return last;
    }),
  );
});

describe('AscendingMerge', () => {
  it('brings all numbers into one order, however the pieces of streams come', () => {
    const streams = fc.array(stream, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(streams, fc.infiniteStream(fc.nat(99)), (given, rolls) => {
        const merged: number[] = [];
        const merge = new AscendingMerge(given.length, (value) => merged.push(value));
        const rest = given.map((pieces) => [...pieces]);
        const known = given.map(() => 0);
        while (rest.some((pieces) => pieces.length > 0)) {
          const at = (rolls.next().value as number) % given.length;
          const piece = rest[at]?.shift();
          if (piece === undefined) continue;
          known[at] = piece.at(-1) ?? (known[at] as number);
          merge.add(at, piece, known[at] as number);
          // Nothing waits that nobody can come before any more.
          const passed = given.flat().flatMap((each) => [...each].filter((n) => n < Math.min(...known)));
          assert.ok(merged.length >= passed.length);
        }
        for (const at of given.keys()) merge.end(at);
        const all = given.flat().flatMap((each) => [...each]);
        assert.deepEqual(
          merged,
          all.sort((a, b) => a - b),
        );
        assert.equal(merge.misplaced, 0);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('goes on without a stream that is silent, and counts what that brings too late', () => {
    const merged: number[] = [];
    const merge = new AscendingMerge(2, (value) => merged.push(value), 100);
    for (let i = 0; i < 50; i++) merge.add(0, Float64Array.of(i), i);
    assert.deepEqual(merged, []);
    for (let i = 50; i < 150; i++) merge.add(0, Float64Array.of(i), i);
    assert.equal(merged.length, 50);
    merge.add(1, Float64Array.of(20, 60), 60);
    assert.equal(merge.misplaced, 1);
    merge.end(0);
    merge.end(1);
    assert.deepEqual(
      merged,
      [...Array.from({ length: 150 }, (_, i) => i), 60].sort((a, b) => a - b),
    );
  });
});
