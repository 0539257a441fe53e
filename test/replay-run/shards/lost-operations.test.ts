import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Flight } from '../../../src/replay/release/flight.ts';
import { LostOperations } from '../../../src/replay-run/shards/lost-operations.ts';
import { NO_ROWS, openRowsOf } from '../../../src/replay-run/shards/open-rows.ts';
import { makeOperation } from '../../replay-log/support.ts';
import { makeRecord } from '../../support/replay-harness.ts';

it('of a shard that died, the due times that waited for operations in front of them are known', () => {
  const lost = new LostOperations(1, []);
  const give = (count: number, from: number): void => {
    for (let i = from; i < from + count; i++) lost.planned(0, makeRecord(0), i, i, i * 1000);
  };
  give(5000, 0);
  lost.told(
    0,
    Uint32Array.from({ length: 5000 }, (_, i) => i),
    NO_ROWS,
    5000,
  );
  assert.deepEqual(lost.waitingNs(0), []);
  give(6, 5000);
  // 5000 is held by its session; 5001 and 5003 are over, 5004 is on its way, and nothing is known of 5002 and 5005.
  const open = openRowsOf([makeOperation(5004, { sequence: 5004 }) as unknown as Flight], undefined);
  lost.told(0, Uint32Array.of(5001, 5003), open, 5000);
  assert.deepEqual(lost.waitingNs(0), [5001e3, 5003e3, 5004e3]);
  lost.told(0, Uint32Array.of(5000), open, 5002);
  assert.deepEqual(lost.waitingNs(0), [5003e3, 5004e3]);
});
