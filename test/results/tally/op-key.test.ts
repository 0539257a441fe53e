import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opKey } from '../../../src/results/tally/op-key.ts';
import { opNames } from '../../../src/verify/measure/op-names.ts';
import fc from '../../support/fast-check.ts';

const RESERVED = ['(none)', '(other)', 'overall', 'min_ms', 'avg_ms', 'p99_ms', 'max_ms'];

test('an op of a plain name is its own key, and one that means something else has op: in front', () => {
  for (const op of [
    'recall',
    'GET /',
    'op:recall',
    'op:',
    'constructor',
    '__proto__',
    'overall ',
    'min_msg',
  ]) {
    assert.equal(opKey(op), op);
  }
  assert.deepEqual(['', ...RESERVED].map(opKey), ['(none)', ...RESERVED.map((name) => `op:${name}`)]);
  assert.equal(opKey('op:overall'), 'op:op:overall');
});

test('no two ops share a key or take a reserved one, and verify names them the same way', () => {
  const name = fc.oneof(fc.constantFrom('', ...RESERVED, 'a', 'op:'), fc.string());
  const op = fc.tuple(fc.nat(3), name).map(([times, rest]) => 'op:'.repeat(times) + rest);
  fc.assert(
    fc.property(fc.uniqueArray(op, { maxLength: 60 }), (ops) => {
      const keys = ops.map(opKey);
      assert.equal(new Set(keys).size, ops.length);
      for (const key of keys) assert.ok(key === '(none)' ? ops.includes('') : !RESERVED.includes(key));
      assert.deepEqual(opNames(ops, new Set()).keys, keys);
    }),
    { seed: 1 },
  );
});
