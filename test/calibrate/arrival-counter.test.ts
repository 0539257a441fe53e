import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ArrivalCounter } from '../../src/calibrate/arrival-counter.ts';
import fc from '../support/fast-check.ts';

const SECOND = 1e9;
const MS = 1e6;

function counterOf(starts: readonly number[]): ArrivalCounter {
  const counter = new ArrivalCounter();
  for (const startNs of starts) counter.add(startNs);
  return counter;
}

describe('the busiest window of a trace', () => {
  it('is where the peak is, not where the trace begins', () => {
    const calm = Array.from({ length: 600 }, (_, i) => 1e12 + i * 100 * MS);
    const peak = Array.from({ length: 500 }, (_, i) => 1e12 + 40 * SECOND + i * 4 * MS);
    const found = counterOf([...calm, ...peak].sort((a, b) => a - b)).busiest(2 * SECOND);
    assert.deepEqual(found, {
      startNs: 1e12 + 40 * SECOND,
      endNs: 1e12 + 42 * SECOND,
      records: 520,
    });
  });

  it('is the whole trace where that is shorter, and none where nothing arrives', () => {
    assert.deepEqual(counterOf([5, 5 + SECOND]).busiest(10 * SECOND), {
      startNs: 5,
      endNs: 5 + SECOND + 10 * MS,
      records: 2,
    });
    assert.equal(new ArrivalCounter().busiest(SECOND), undefined);
  });

  it('is found in a trace of weeks, with bins as wide as memory bids', () => {
    const hour = 3600 * SECOND;
    const starts = Array.from({ length: 700 }, (_, i) => i * hour);
    const peak = Array.from({ length: 50 }, (_, i) => 333.5 * hour + i);
    const found = counterOf([...starts, ...peak].sort((a, b) => a - b)).busiest(SECOND);
    assert.equal(found?.records, 50);
    assert.ok(found.startNs <= 333.5 * hour && found.endNs > 333.5 * hour);
    assert.ok(found.endNs - found.startNs < 60 * SECOND);
  });

  it('holds as many records as it says, and no other window of its grid holds more', () => {
    const starts = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(starts, fc.integer({ min: 1, max: 400 }), (ms, lengthMs) => {
        const sorted = ms.map((each) => each * MS).sort((a, b) => a - b);
        const found = counterOf(sorted).busiest(lengthMs * MS);
        assert.ok(found);
        const within = (fromNs: number, toNs: number) =>
          sorted.filter((start) => start >= fromNs && start < toNs).length;
        assert.equal(found.records, within(found.startNs, found.endNs));
        const binNs = 10 * MS;
        const lengthNs = Math.max(1, Math.round(lengthMs / 10)) * binNs;
        for (let from = sorted[0] ?? 0; from <= (sorted.at(-1) ?? 0); from += binNs) {
          assert.ok(within(from, from + lengthNs) <= found.records);
        }
      }),
    );
  });
});
