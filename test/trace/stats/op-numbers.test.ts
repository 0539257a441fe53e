import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boundStats,
  createBlockStats,
  createOpStats,
  MAX_TOTALS_NAMES,
  mergeBlockStats,
} from '../../../src/trace/stats/block-stats.ts';
import {
  boundCounts,
  boundNames,
  createOpNumbers,
  MAX_NUMBERED_OPS,
  OTHER_NAME,
} from '../../../src/trace/stats/op-numbers.ts';
import fc from '../../support/fast-check.ts';

const sum = (counts: Iterable<number>) => [...counts].reduce((a, b) => a + b, 0);

test('ops of any number have a bounded number of places, and their counts add up in every block', () => {
  const op = fc.oneof(
    fc.integer({ min: 0, max: 150 }).map((n) => `GET /${n}`),
    fc.constantFrom('(other)', '(none)', '', '__proto__', 'constructor'),
  );
  const block = fc.uniqueArray(fc.tuple(op, fc.nat(9)), { selector: ([name]) => name, maxLength: 100 });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
      const ops = createOpNumbers();
      const counted = blocks.map((counts) => ops.countsOf(counts));
      assert.ok(ops.names.length <= MAX_NUMBERED_OPS + 1);
      assert.equal(new Set(ops.names).size, ops.names.length);
      for (const [i, counts] of blocks.entries()) {
        assert.equal(sum(counted[i] ?? []), sum(counts.map(([, count]) => count)));
        // A name has a place from its first record on, or never: what has one is counted there in every block.
        const own = new Map(counts);
        for (const [n, name] of ops.names.entries())
          if (name !== OTHER_NAME) assert.equal(counted[i]?.[n] ?? 0, own.get(name) ?? 0);
      }
    }),
  );
});

test('a file that numbered every op is read with as few as are numbered today', () => {
  const names = Array.from({ length: 5000 }, (_, i) => `op ${i}`);
  const counts = boundCounts(names.map(() => 2));
  assert.equal(sum(counts), 10_000);
  assert.equal(boundNames(names).length, counts.length);
  assert.equal(boundNames(names).at(-1), OTHER_NAME);
  const today = [...names.slice(0, MAX_NUMBERED_OPS), OTHER_NAME];
  assert.equal(boundNames(today), today);
});

test('totals keep the first names of ops and spaces, and what the others counted', () => {
  const totals = createBlockStats();
  for (let i = 0; i < 2_500; i++) {
    const one = createBlockStats();
    one.ops.set(`op ${i}`, { ...createOpStats(), count: 2, failed: 1, requestBytes: 3 });
    one.spaces.set(`space ${i}`, 2);
    mergeBlockStats(totals, one);
  }
  assert.equal(totals.ops.size, MAX_TOTALS_NAMES + 1);
  assert.equal(totals.spaces.size, MAX_TOTALS_NAMES + 1);
  assert.equal(totals.ops.get(OTHER_NAME)?.count, 3_000);
  assert.equal(totals.ops.get(OTHER_NAME)?.requestBytes, 4_500);
  assert.equal(sum(totals.spaces.values()), 5_000);
  assert.equal(boundStats(totals), totals);
});
