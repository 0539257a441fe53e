import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SendOutcome } from '../../../src/replay/ports.ts';
import { headerCountsSection } from '../../../src/results/document/header-counts-section.ts';
import { HeaderCounts, MOST_HEADER_VALUES } from '../../../src/results/tally/header-counts.ts';
import { outcome } from '../support.ts';

function counted(outcomes: readonly Partial<SendOutcome>[]): HeaderCounts {
  const headers = new HeaderCounts();
  for (const each of outcomes) headers.add(outcome(each));
  return headers;
}

test('answers are counted by the value of a header, and those without it; what got no answer is in no count', () => {
  const headers = counted([
    { headerValue: 'b2' },
    { headerValue: 'b1' },
    { headerValue: 'b1', status: 500, ok: false },
    { headerValue: 'b1', status: undefined, ok: false, failure: 'timeout' },
    { headerValue: '' },
    {},
    { status: undefined, ok: false, failure: 'connect_failed' },
    { status: 1, isCancelled: true },
  ]);
  assert.deepEqual(headerCountsSection('x-backend', { headers }), {
    ...{ name: 'x-backend', values: { b1: 3, '': 1, b2: 1 } },
    ...{ other: 0, absent: 1 },
  });
  assert.deepEqual(headers.values, [
    ['b1', 3],
    ['', 1],
    ['b2', 1],
  ]);
});

test('the counts of shards add up to those of one, in whatever order they are told', () => {
  const outcomes = Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? {} : { headerValue: `b${i % 5}` }));
  const alone = headerCountsSection('x', { headers: counted(outcomes) });
  for (const shards of [2, 3]) {
    const sum = new HeaderCounts();
    for (let shard = shards - 1; shard >= 0; shard -= 1) {
      const own = counted(outcomes.filter((_, i) => i % shards === shard));
      const part = own.drain();
      assert.ok(part !== undefined);
      sum.addPart(part);
      assert.equal(own.drain(), undefined);
    }
    assert.deepEqual(headerCountsSection('x', { headers: sum }), alone);
  }
});

test('a value for each answer takes bounded memory: what is not named is counted together', () => {
  const count = MOST_HEADER_VALUES + 500;
  const headers = counted(Array.from({ length: count }, (_, i) => ({ headerValue: `id-${i}` })));
  assert.equal(headers.values.length, MOST_HEADER_VALUES);
  const { values, other, absent } = headerCountsSection('x-request-id', { headers });
  assert.deepEqual([Object.keys(values).length, other, absent], [100, count - 100, 0]);
});
