import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Flight } from '../../../src/replay/release/flight.ts';
import { LostOperations } from '../../../src/replay-run/shards/lost-operations.ts';
import { NO_ROWS, openRowsOf } from '../../../src/replay-run/shards/open-rows.ts';
import { makeOperation } from '../../replay-log/support.ts';
import { makeRecord } from '../../support/make-record.ts';

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

it('what nobody tells the end of is unsent, with its numbers, its due time, and no bytes', () => {
  const seen: [number, number, number, string, number][] = [];
  const lost = new LostOperations(1, [
    {
      onLost: ({ number, recordNumber, dueNs, record }, disposition) =>
        void seen.push([number, recordNumber, dueNs, disposition, record.body.length]),
    },
  ]);
  const give = (number: number): void => {
    const record = makeRecord(0, { body: new Uint8Array(8) });
    lost.planned(0, record, number, number + 100, number * 1000);
  };
  for (let number = 0; number < 4000; number++) give(number);
  // All but the last two; the statistics have the due times of all.
  lost.told(
    0,
    Uint32Array.from({ length: 3998 }, (_, i) => i),
    NO_ROWS,
    4000,
  );
  assert.equal(lost.isIdle(0), false);
  lost.settleRest(1e9, 2e9);
  assert.deepEqual(seen, [
    [3998, 4098, 1e9 + 3998e3, 'unsent', 0],
    [3999, 4099, 1e9 + 3999e3, 'unsent', 0],
  ]);
  assert.equal(lost.accounting.unsent, 2);
});
