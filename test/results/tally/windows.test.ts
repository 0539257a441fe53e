import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Windows, type WindowsPart } from '../../../src/results/tally/windows.ts';

const SECOND = 1e9;
const MS = 1e6;

describe('Windows', () => {
  it('counts by the second in which an operation was due', () => {
    const windows = new Windows();
    windows.onSent(0.5 * SECOND, 100_000, 1);
    windows.onSent(2.2 * SECOND, 200_000, 7);
    windows.onDone(2.2 * SECOND, 3 * MS, false);
    windows.onDone(0.5 * SECOND, 9 * SECOND, true); // ends long after the next window was opened
    const list = windows.list();
    assert.deepEqual(
      list.map(({ startS, widthS, ops, errors, inFlight }) => [startS, widthS, ops, errors, inFlight]),
      [
        [0, 1, 1, 1, 1],
        [2, 1, 1, 0, 7],
      ],
    );
    assert.equal(list[0]?.response.maxNs, 9 * SECOND);
    assert.equal(list[1]?.sendError.maxNs, 200_000);
  });

  it('adds up the most in flight of each shard', () => {
    const [first, second, sum] = [new Windows(4), new Windows(4), new Windows(4)];
    for (const inFlight of [3, 9, 2]) first.onSent(SECOND, 0, inFlight);
    second.onSent(SECOND, 0, 5);
    sum.addPart(first.drain() as WindowsPart, 0);
    sum.addPart(second.drain() as WindowsPart, 1);
    first.onSent(SECOND, 0, 4);
    sum.addPart(first.drain() as WindowsPart, 0);
    assert.equal(first.drain(), undefined);
    const most = () => sum.list().map(({ startS, widthS, inFlight }) => [startS, widthS, inFlight]);
    assert.deepEqual(most(), [[1, 1, 14]]);
    // Past the bound the seconds 0 and 1 are one window: each shard's most in both.
    first.onSent(7 * SECOND, 0, 1);
    second.onSent(0, 0, 6);
    sum.addPart(first.drain() as WindowsPart, 0);
    sum.addPart(second.drain() as WindowsPart, 1);
    assert.deepEqual(most(), [
      [0, 4, 15],
      [4, 4, 1],
    ]);
  });

  it('merges neighbours past its bound and loses nothing', () => {
    const windows = new Windows(100, 4);
    const seconds = 1000;
    for (let s = 0; s < seconds; s++) {
      windows.onSent(s * SECOND, s, s);
      windows.onDone(s * SECOND, (s + 1) * MS, s % 10 === 0);
    }
    const list = windows.list();
    // Of windows that are wider than at first, half as many.
    assert.ok(list.length <= 50);
    assert.equal(list[0]?.widthS, 32);
    assert.equal(
      list.reduce((sum, window) => sum + window.ops, 0),
      seconds,
    );
    assert.equal(
      list.reduce((sum, window) => sum + window.errors, 0),
      seconds / 10,
    );
    for (const { startS, ops, response, sendError, inFlight } of list) {
      const last = Math.min(startS + 31, seconds - 1);
      assert.equal(ops, last - startS + 1);
      assert.equal(response.count, ops);
      assert.equal(response.minNs, (startS + 1) * MS);
      assert.equal(response.maxNs, (last + 1) * MS);
      assert.equal(sendError.count, ops);
      assert.equal(inFlight, last);
    }
  });

  it('thaws a frozen window for a late answer', () => {
    const windows = new Windows(1000, 2);
    for (let s = 0; s < 50; s++) windows.onSent(s * SECOND, 1000, 1);
    for (let s = 0; s < 50; s++) windows.onDone(s * SECOND, MS, false);
    for (const { ops, response, sendError } of windows.list()) {
      assert.deepEqual([ops, response.count, sendError.count], [1, 1, 1]);
    }
  });

  it('takes a jump far ahead', () => {
    const windows = new Windows(100);
    windows.onDone(0, MS, false);
    windows.onDone(1e6 * SECOND, MS, false);
    assert.equal(windows.list().length, 2);
  });
});
