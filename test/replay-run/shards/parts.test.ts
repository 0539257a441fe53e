import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { EngramTraceError } from '../../../src/error.ts';
import { shardOf } from '../../../src/replay/plan/shard-of.ts';
import { replayOptions } from '../../../src/replay/replay-options.ts';
import { shardCount } from '../../../src/replay-run/create-player.ts';
import {
  BATCH_BYTES,
  BatchCursor,
  createBatchBuilder,
  SHARD_BATCH_RECORDS,
} from '../../../src/replay-run/shards/record-batch.ts';
import { defaultShards, partOf, shareOf } from '../../../src/replay-run/shards/share.ts';
import { clockOriginNs, shiftedClock } from '../../../src/replay-run/shards/shifted-clock.ts';
import { TableStore } from '../../../src/replay-run/shards/table-store.ts';
import { UNKNOWN_HEALTH } from '../../../src/results/health/generator-health.ts';
import { mergeHealth } from '../../../src/results/health/merge-health.ts';
import { spansOf } from '../../../src/trace/block/record-spans.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { HEALTHY } from '../../results/support.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { placedBatches } from '../../support/placed-batches.ts';
import { MS } from '../../support/replay-harness.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { records } from '../../trace/support.ts';

const timesArb = fc.record({
  dueNs: fc.maxSafeNat(),
  offsetNs: fc.maxSafeNat(),
  timelineNs: fc.maxSafeNat(),
});

describe('a batch of records', () => {
  it('holds any records, in any order of starts, with their numbers and times', () => {
    const builder = createBatchBuilder();
    const each = fc.record({ record: records(), number: fc.maxSafeNat(), times: timesArb });
    fc.assert(
      fc.property(fc.array(each, { maxLength: 200 }), (list) => {
        for (const { record, number, times } of list)
          builder.add(record, number, times, number + 1, undefined);
        const cursor = new BatchCursor(structuredClone(builder.close()), new TableStore());
        assert.equal(builder.records, 0);
        for (const { record, number, times } of list) {
          const read = cursor.next();
          const { dueNs, offsetNs, timelineNs } = cursor;
          assert.deepEqual(
            {
              number: cursor.number,
              recordNumber: cursor.recordNumber,
              times: { dueNs, offsetNs, timelineNs },
            },
            { number, recordNumber: number + 1, times: { ...times } },
          );
          // The recorded answer stays where the plan is read.
          assert.deepEqual(read, withoutAnswer(record));
        }
        assert.equal(cursor.next(), undefined);
      }),
      { seed: 1, numRuns: runs(200) },
    );
  });

  it('takes a record out of its block as it stands there', async () => {
    const times = { dueNs: 1, offsetNs: 2, timelineNs: 3 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(records(), { minLength: 1, maxLength: 100 }),
        fc.nat(20),
        async (list, every) => {
          const sorted = [...list].sort((a, b) => a.startNs - b.startNs);
          const store = new TableStore();
          const builder = createBatchBuilder();
          const read: (TraceRecord | undefined)[] = [];
          const given: TraceRecord[] = [];
          for await (const batch of placedBatches(sorted, 30)) {
            for (const [index, record] of batch.entries()) {
              // Some of another batch, as a map makes them: they are written beside.
              const isOther = every > 0 && index % every === 0;
              const one = isOther ? { ...record, path: `${record.path}/other` } : record;
              const span = spansOf(batch)?.of(one, index);
              assert.equal(span === undefined, isOther);
              builder.add(one, index, times, index, span);
              given.push(withoutAnswer(one));
            }
            const cursor = new BatchCursor(structuredClone(builder.close()), store);
            for (const _ of batch) read.push(cursor.next());
            assert.equal(cursor.next(), undefined);
          }
          assert.deepEqual(read, given);
        },
      ),
      { seed: 1, numRuns: runs(100) },
    );
  });

  it('is full at a number of records, or of bytes', () => {
    const times = { dueNs: 0, offsetNs: 0, timelineNs: 0 };
    const small = createBatchBuilder();
    for (let i = 0; i < SHARD_BATCH_RECORDS; i++) {
      assert.equal(small.isFull, false);
      small.add(makeRecord(i), i, times, i, undefined);
    }
    assert.equal(small.isFull, true);
    const large = createBatchBuilder();
    large.add(makeRecord(0, { body: new Uint8Array(BATCH_BYTES) }), 0, times, 0, undefined);
    assert.equal(large.isFull, true);
  });

  it('refuses what no trace can hold and goes on', () => {
    const times = { dueNs: 0, offsetNs: 0, timelineNs: 0 };
    const builder = createBatchBuilder();
    for (const record of [makeRecord(0.5), makeRecord(0, { durationNs: -1 })]) {
      assert.throws(
        () => builder.add(record, 0, times, 0, undefined),
        (error) => error instanceof EngramTraceError && error.code === 'bad_record',
      );
    }
    builder.add(makeRecord(7, { path: '/whole' }), 3, times, 3, undefined);
    const cursor = new BatchCursor(builder.close(), new TableStore());
    assert.equal(cursor.next()?.path, '/whole');
    assert.equal(cursor.next(), undefined);
  });
});

function withoutAnswer(record: TraceRecord): TraceRecord {
  return { ...record, outcome: { ...record.outcome, response: undefined } };
}

describe('shares', () => {
  it('of a limit add up to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 8 }), (total, senders) => {
        const parts = Array.from({ length: senders }, (_, number) => partOf(total, number, senders));
        assert.equal(
          parts.reduce((sum, part) => sum + part, 0),
          total,
        );
        assert.ok(Math.max(...parts) - Math.min(...parts) <= 1);
      }),
    );
  });

  it('of the options hold at least one of everything', () => {
    const share = shareOf(replayOptions({ readAheadRecords: 1, maxHeldBytes: 3 }), 7, 8);
    assert.equal(share.readAheadRecords, 1);
    assert.equal(share.maxHeldBytes, 1);
    assert.equal(share.maxInFlight, 512);
    assert.ok(!('only' in share) && !('signal' in share));
    structuredClone(share);
  });

  it('of sessions are even, and always the same', () => {
    for (const senders of [1, 2, 3, 8]) {
      const counts = new Array<number>(senders).fill(0);
      for (let i = 0; i < 8000; i++) {
        const sender = shardOf(`10.0.0.${i % 200}:${40_000 + i}`, senders);
        counts[sender] = (counts[sender] ?? 0) + 1;
      }
      for (const count of counts) assert.ok(Math.abs(count - 8000 / senders) < 0.1 * 8000, String(counts));
    }
    // Another hash would spread the sessions of earlier runs differently.
    const senders = ['', 'a', 'session-1', 'größe', '10.0.0.1:40001'].map((session) => shardOf(session, 8));
    assert.deepEqual(senders, [3, 3, 3, 7, 4]);
  });

  it('are no more than may be in flight, and one where the plan moves', () => {
    assert.equal(shardCount(undefined, replayOptions(), undefined), 1);
    assert.equal(shardCount(8, replayOptions({ maxInFlight: 3 }), undefined), 3);
    assert.equal(shardCount(8, replayOptions(), 2), 2);
    assert.throws(
      () => shardCount(2, replayOptions({ behind: 'stretch' }), undefined),
      /--senders 1|stretch/,
    );
    assert.deepEqual(
      [1, 2, 3, 64].map((cores) => defaultShards(cores)),
      [1, 1, 2, 8],
    );
    assert.deepEqual(
      [0, 500, 10_000, 15_000, 1e6].map((perSecond) => defaultShards(16, perSecond)),
      [1, 1, 1, 2, 8],
    );
    assert.equal(defaultShards(2, 1e6), 1);
  });
});

describe('a clock that is shifted', () => {
  it('shows another time and wakes at the same moments', async () => {
    const own = createVirtualClock(1000);
    const clock = shiftedClock(own, 500);
    assert.equal(clock.nowNs(), 1500);
    let wokenAt = 0;
    clock.at(2500, () => {
      wokenAt = clock.nowNs();
    });
    await own.advance(5000);
    assert.equal(wokenAt, 2500);
  });

  it('has its origin where it shows 0', () => {
    const clock = { nowNs: () => Number(process.hrtime.bigint()) - 12_345_678, at: () => () => {} };
    // Not less than the truth, and no more than a stall between two calls off; one of nine tries had none.
    assert.ok(Math.abs(clockOriginNs(clock) - 12_345_678) < 5e6);
  });
});

describe('health of several threads', () => {
  it('is that of the worst', () => {
    const slow = { p50Ns: 2, p99Ns: 9 * MS, maxNs: 10 * MS };
    const busy = { ...HEALTHY, gc: { count: 1, totalNs: 900 * MS, maxNs: 30 * MS } };
    const merged = mergeHealth(HEALTHY, [{ ...HEALTHY, eventLoopDelay: slow }, busy]);
    assert.equal(merged.eventLoopDelay?.p99Ns, 9 * MS);
    assert.equal(merged.gc?.totalNs, 900 * MS);
    assert.deepEqual(merged.cpu, HEALTHY.cpu);
  });

  it('is unknown where one is not known, or none is left', () => {
    assert.equal(mergeHealth(HEALTHY, [HEALTHY, UNKNOWN_HEALTH]).eventLoopDelay, undefined);
    assert.equal(mergeHealth(HEALTHY, []).eventLoopDelay, undefined);
  });
});
