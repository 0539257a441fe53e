import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import type { Disposition, FailureCode, Operation } from '../../../src/replay/ports.ts';
import { replayOptions } from '../../../src/replay/replay-options.ts';
import { senderCount } from '../../../src/replay-run/create-player.ts';
import {
  EVENT_COLUMNS,
  type EventChunk,
  EventCursor,
  writeEvent,
} from '../../../src/replay-run/senders/event-columns.ts';
import { EventLog } from '../../../src/replay-run/senders/event-log.ts';
import { EventMerge } from '../../../src/replay-run/senders/event-merge.ts';
import {
  BATCH_BYTES,
  BATCH_RECORDS,
  BatchCursor,
  createBatchBuilder,
} from '../../../src/replay-run/senders/record-batch.ts';
import { defaultSenders, partOf, senderOf, shareOf } from '../../../src/replay-run/senders/share.ts';
import { clockOriginNs, shiftedClock } from '../../../src/replay-run/senders/shifted-clock.ts';
import { UNKNOWN_HEALTH } from '../../../src/results/generator-health.ts';
import { mergeHealth } from '../../../src/results/merge-health.ts';
import { HEALTHY } from '../../results/support.ts';
import fc from '../../support/fast-check.ts';
import { MS, makeRecord } from '../../support/replay-harness.ts';
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
        for (const { record, number, times } of list) builder.add(record, number, times);
        const cursor = new BatchCursor(structuredClone(builder.close()));
        assert.equal(builder.records, 0);
        for (const { record, number, times } of list) {
          const read = cursor.next();
          const { dueNs, offsetNs, timelineNs } = cursor;
          assert.deepEqual(
            { number: cursor.number, times: { dueNs, offsetNs, timelineNs } },
            { number, times: { ...times } },
          );
          // The recorded answer stays where the plan is read.
          assert.deepEqual(read, { ...record, outcome: { ...record.outcome, response: undefined } });
        }
        assert.equal(cursor.next(), undefined);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is full at a number of records, or of bytes', () => {
    const times = { dueNs: 0, offsetNs: 0, timelineNs: 0 };
    const small = createBatchBuilder();
    for (let i = 0; i < BATCH_RECORDS; i++) {
      assert.equal(small.isFull, false);
      small.add(makeRecord(i), i, times);
    }
    assert.equal(small.isFull, true);
    const large = createBatchBuilder();
    large.add(makeRecord(0, { body: new Uint8Array(BATCH_BYTES) }), 0, times);
    assert.equal(large.isFull, true);
  });

  it('refuses what no trace can hold and goes on', () => {
    const times = { dueNs: 0, offsetNs: 0, timelineNs: 0 };
    const builder = createBatchBuilder();
    for (const record of [makeRecord(0.5), makeRecord(0, { durationNs: -1 })]) {
      assert.throws(
        () => builder.add(record, 0, times),
        (error) => error instanceof EngramTraceError && error.code === 'bad_record',
      );
    }
    builder.add(makeRecord(7, { path: '/whole' }), 3, times);
    const cursor = new BatchCursor(builder.close());
    assert.equal(cursor.next()?.path, '/whole');
    assert.equal(cursor.next(), undefined);
  });
});

describe('events', () => {
  const failure = fc.constantFrom<FailureCode | undefined>(
    undefined,
    'timeout',
    'connect_failed',
    'connection_reset',
    'connection_closed',
    'bad_response',
    'bad_request',
    'tls',
    'cancelled',
    'other',
  );
  const disposition = fc.constantFrom<Disposition | undefined>(
    undefined,
    'ok',
    'error',
    'cut_off',
    'shed',
    'gate_timeout',
    'unsent',
  );
  const optional = fc.option(fc.maxSafeNat(), { nil: undefined });
  const outcome = fc.record({
    status: optional,
    ok: fc.boolean(),
    failure,
    detail: fc.constantFrom('', 'refused', 'reset'),
    responseBytes: fc.maxSafeNat(),
  });
  const operation = fc.record({
    number: fc.maxSafeNat(),
    dueNs: fc.maxSafeNat(),
    readyNs: fc.maxSafeNat(),
    releasedNs: optional,
    readingNs: fc.maxSafeNat(),
    fullNs: fc.maxSafeNat(),
    pacedNs: fc.maxSafeNat(),
    stalledNs: fc.maxSafeNat(),
    sentNs: optional,
    firstAnswerNs: optional,
    doneNs: optional,
    outcome: fc.option(outcome, { nil: undefined }),
  });

  it('keep everything an operation says', () => {
    const details = ['refused', 'reset'];
    const columns = new Float64Array(EVENT_COLUMNS);
    fc.assert(
      fc.property(operation, disposition, fc.nat(), (given, ended, inFlight) => {
        // A failure is never ok.
        const wanted = { ...given, record: makeRecord(0) } as Operation;
        if (wanted.outcome?.failure !== undefined) wanted.outcome = { ...wanted.outcome, ok: false };
        const detail = details.indexOf(wanted.outcome?.detail ?? '');
        writeEvent(columns, 0, {
          operation: wanted,
          disposition: ended,
          atNs: 5,
          inFlight,
          detail,
          stream: -1,
          endless: -1,
        });
        const cursor = new EventCursor({ events: 1, columns, details, streams: [], endless: [], upToNs: 5 });
        const read = { number: cursor.operation, record: wanted.record } as Operation;
        cursor.copyTo(read);
        assert.deepEqual(
          { ...read, outcome: plain(read.outcome) },
          { ...wanted, outcome: plain(wanted.outcome) },
        );
        assert.equal(cursor.disposition, ended);
        assert.equal(cursor.inFlight, inFlight);
        assert.equal(cursor.atNs, 5);
      }),
      { seed: 1 },
    );
  });

  it('of several senders come out in the order of their times, whatever the order of the news', () => {
    const chunkArb = fc.array(fc.array(fc.nat({ max: 50 }), { maxLength: 12 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(chunkArb, fc.infiniteStream(fc.nat()), (gapsOf, picks) => {
        const seen: { atNs: number; sender: number }[] = [];
        const merge = new EventMerge(gapsOf.length, ({ atNs }, sender) => seen.push({ atNs, sender }));
        const times = gapsOf.map((gaps) => {
          let atNs = 0;
          return gaps.map((gap) => {
            atNs += gap;
            return atNs;
          });
        });
        const next = times.map(() => 0);
        for (const pick of picks) {
          const open = times.flatMap((own, sender) => ((next[sender] ?? 0) < own.length ? [sender] : []));
          const sender = open[pick % open.length];
          if (sender === undefined) break;
          const from = next[sender] ?? 0;
          const part = (times[sender] ?? []).slice(from, from + 1 + (pick % 3));
          next[sender] = from + part.length;
          merge.add(sender, chunkOf(part));
        }
        for (const [sender] of times.entries()) merge.end(sender);
        const all = seen.map(({ atNs }) => atNs);
        assert.deepEqual(
          all,
          all.toSorted((a, b) => a - b),
        );
        for (const [sender, own] of times.entries()) {
          assert.deepEqual(
            seen.filter((one) => one.sender === sender).map(({ atNs }) => atNs),
            own,
          );
        }
      }),
      { seed: 1 },
    );
  });

  it('are told ten times a second, also when there are none', async () => {
    const clock = createVirtualClock(0);
    const chunks: EventChunk[] = [];
    const log = new EventLog(clock, (chunk) => chunks.push(chunk));
    await clock.advance(1000 * MS);
    assert.ok(chunks.length >= 9 && chunks.length <= 10);
    assert.ok(chunks.every(({ events }) => events === 0));
    for (let number = 0; number < 2000; number++)
      log.onSent({ ...makeOperation(number), sentNs: clock.nowNs() }, 1);
    log.close();
    assert.equal(
      chunks.reduce((sum, { events }) => sum + events, 0),
      2000,
    );
    assert.equal(chunks.at(-1)?.upToNs, Infinity);
  });

  function chunkOf(times: readonly number[]): EventChunk {
    const columns = new Float64Array(times.length * EVENT_COLUMNS);
    times.forEach((atNs, i) => {
      writeEvent(columns, i, {
        operation: makeOperation(i),
        disposition: 'ok',
        atNs,
        inFlight: 0,
        detail: -1,
        stream: -1,
        endless: -1,
      });
    });
    return {
      events: times.length,
      columns,
      details: [],
      streams: [],
      endless: [],
      upToNs: times.at(-1) ?? 0,
    };
  }
});

function plain(outcome: Operation['outcome']): unknown {
  return outcome === undefined ? undefined : { ...outcome };
}

function makeOperation(number: number): Operation {
  return {
    record: makeRecord(0),
    number,
    sequence: number,
    dueNs: 0,
    readyNs: 0,
    releasedNs: undefined,
    readingNs: 0,
    fullNs: 0,
    pacedNs: 0,
    stalledNs: 0,
    sentNs: undefined,
    firstAnswerNs: undefined,
    doneNs: undefined,
    outcome: undefined,
  };
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
        const sender = senderOf(`10.0.0.${i % 200}:${40_000 + i}`, senders);
        counts[sender] = (counts[sender] ?? 0) + 1;
      }
      for (const count of counts) assert.ok(Math.abs(count - 8000 / senders) < 0.1 * 8000, String(counts));
    }
    // Another hash would spread the sessions of earlier runs differently.
    const senders = ['', 'a', 'session-1', 'größe', '10.0.0.1:40001'].map((session) => senderOf(session, 8));
    assert.deepEqual(senders, [3, 3, 3, 7, 4]);
  });

  it('are no more than may be in flight, and one where the plan moves', () => {
    assert.equal(senderCount(undefined, replayOptions(), undefined), 1);
    assert.equal(senderCount(8, replayOptions({ maxInFlight: 3 }), undefined), 3);
    assert.equal(senderCount(8, replayOptions(), 2), 2);
    assert.throws(
      () => senderCount(2, replayOptions({ behind: 'stretch' }), undefined),
      /--senders 1|stretch/,
    );
    assert.deepEqual(
      [1, 2, 3, 64].map((cores) => defaultSenders(cores)),
      [1, 1, 2, 8],
    );
    assert.deepEqual(
      [0, 500, 10_000, 15_000, 1e6].map((perSecond) => defaultSenders(16, perSecond)),
      [1, 1, 1, 2, 8],
    );
    assert.equal(defaultSenders(2, 1e6), 1);
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
