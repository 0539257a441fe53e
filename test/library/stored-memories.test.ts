import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoredMemories } from '../../src/library/stored-memories.ts';
import type { Disposition, Operation } from '../../src/replay/ports.ts';
import { preloadSession } from '../../src/workload/requests/record-maker.ts';

const PATIENCE = { failures: 1000, inARow: 4, rowNs: 10e9 };

function following(fromKey = 0) {
  let nowNs = 0;
  let givenUp = 0;
  const stored = new StoredMemories(
    fromKey,
    PATIENCE,
    () => nowNs,
    () => {
      givenUp += 1;
    },
  );
  const settle = (key: number, disposition: Disposition, atNs = nowNs): void => {
    nowNs = atNs;
    stored.settled({ record: { session: preloadSession(key) } } as Operation, disposition);
  };
  return { stored, settle, givenUp: () => givenUp };
}

test('what comes next is the first that is not stored, in whatever order answers come', () => {
  const { stored, settle } = following(10);
  assert.equal(stored.next, 10);
  for (const key of [12, 10, 11]) settle(key, 'ok');
  assert.equal(stored.next, 13);
  settle(20, 'error');
  settle(15, 'unsent');
  settle(14, 'ok');
  assert.equal(stored.next, 15);
});

test('a target is given up when nothing is stored for long while several fail, and once only', () => {
  const { stored, settle, givenUp } = following();
  settle(0, 'ok', 1e9);
  for (const key of [1, 2, 3]) settle(key, 'error', 20e9);
  assert.equal(stored.hasGivenUp, false, 'three may be an accident');
  settle(4, 'ok', 21e9);
  for (const key of [5, 6, 7, 8]) settle(key, 'error', 22e9);
  assert.equal(stored.hasGivenUp, false, 'it may come back at once');
  settle(9, 'error', 31e9);
  settle(10, 'error', 32e9);
  assert.deepEqual([stored.hasGivenUp, givenUp()], [true, 1]);
});

test('what was not sent is no failure of the target', () => {
  const { stored, settle } = following();
  for (let key = 0; key < 5000; key++) settle(key, 'unsent', 60e9);
  assert.equal(stored.hasGivenUp, false);
});
