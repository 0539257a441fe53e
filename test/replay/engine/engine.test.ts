import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { accountingCloses } from '../../../src/replay/accounting.ts';
import { replay } from '../../../src/replay/engine/engine.ts';
import { emptyLeftOut } from '../../../src/replay/left-out.ts';
import type { Clock } from '../../../src/replay/ports.ts';
import { replayOptions } from '../../../src/replay/replay-options.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { makeRecord } from '../../support/make-record.ts';
import {
  burstyTrace,
  createScriptedTransport,
  inBatches,
  MS,
  play,
  SECOND,
} from '../../support/replay-harness.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

for (const multiplier of [0.5, 1, 2, 10]) {
  test(`replay: at ${multiplier}x of a bursty trace every operation leaves exactly when planned`, async () => {
    const records = burstyTrace(2000, 50, 42);
    const { end, settled, transport } = await play(records, { multiplier });
    const firstNs = records[0]?.startNs ?? 0;
    const startNs = end.startNs ?? 0;
    assert.equal(transport.sends.length, records.length);
    for (const [at, send] of transport.sends.entries()) {
      assert.equal(send.record, records[at], 'in the order of the trace, each once');
      assert.equal(send.atNs, startNs + Math.round((send.record.startNs - firstNs) / multiplier));
    }
    const lastNs = records.at(-1)?.startNs ?? 0;
    assert.equal((end.lastReleaseNs ?? 0) - startNs, Math.round((lastNs - firstNs) / multiplier));
    assert.ok(settled.every((one) => one.sentNs === one.dueNs && one.disposition === 'ok'));
    assert.equal(end.stop, 'end');
    assert.equal(end.planComplete, true);
    assert.equal(end.lateReleases, 0);
  });
}

test('replay: a slow answer delays its own session only', async () => {
  const records = [
    makeRecord(0, { session: 'slow', durationNs: 1 * MS }),
    makeRecord(5 * MS, { session: 'slow', durationNs: 1 * MS }),
    ...[10, 20, 30].map((ms) => makeRecord(ms * MS, { session: 'other' })),
  ];
  const { end, settled } = await play(records, {
    fateOf: (record) =>
      record === records[0] ? { kind: 'answer', afterNs: 500 * MS, ok: true } : { kind: 'at_once', ok: true },
  });
  const others = settled.filter((one) => one.record.session === 'other');
  assert.deepEqual(
    others.map((one) => (one.sentNs ?? 0) - one.dueNs),
    [0, 0, 0],
  );
  const second = settled.find((one) => one.record === records[1]);
  const startNs = end.startNs ?? 0;
  assert.equal(second?.readyNs, startNs + 500 * MS, 'ready when the first was done');
  assert.equal(second?.sentNs, startNs + 500 * MS);
  assert.equal(second?.dueNs, startNs + 5 * MS, 'its due time stays');
  assert.equal(end.lateReleases, 0, 'waiting for a predecessor is not lateness');
});

test('replay: what overlapped in a session overlaps again, what followed follows', async () => {
  const records = [
    makeRecord(0, { durationNs: 10 * MS, path: '/a' }),
    makeRecord(5 * MS, { durationNs: 20 * MS, path: '/b' }),
    makeRecord(12 * MS, { durationNs: 1 * MS, path: '/c' }),
  ];
  const { end, transport } = await play(records, {
    fateOf: () => ({ kind: 'answer', afterNs: 100 * MS, ok: true }),
  });
  const startNs = end.startNs ?? 0;
  const sentMs = transport.sends.map((send) => (send.atNs - startNs) / MS);
  assert.deepEqual(sentMs, [0, 5, 100], '/c waited for /a, which had ended, and not for /b');
});

test('replay: with order open nothing waits', async () => {
  const records = [makeRecord(0), makeRecord(1 * MS)];
  const { end, transport } = await play(records, {
    order: 'open',
    fateOf: () => ({ kind: 'answer', afterNs: SECOND, ok: true }),
  });
  assert.deepEqual(
    transport.sends.map((send) => send.atNs - (end.startNs ?? 0)),
    [0, 1 * MS],
  );
});

test('replay: a gate that stays shut times out, and the session goes on', async () => {
  const records = [makeRecord(0), makeRecord(1 * MS), makeRecord(900 * MS)];
  const { end, settled } = await play(records, {
    gateTimeoutNs: 100 * MS,
    timeoutNs: 500 * MS,
    fateOf: (record) => (record === records[0] ? { kind: 'hang' } : { kind: 'at_once', ok: true }),
  });
  assert.deepEqual(
    settled.map((one) => one.disposition),
    ['gate_timeout', 'error', 'ok'],
  );
  assert.equal(settled[1]?.outcome?.failure, 'timeout');
  assert.ok(accountingCloses(end.accounting));
});

test('replay: in flight is bounded, and what waited leaves in due order at no more than twice its planned pace', async () => {
  const records = Array.from({ length: 40 }, (_, at) => makeRecord(at * 10 * MS, { session: `s${at}` }));
  const { end, settled, transport } = await play(records, {
    maxInFlight: 2,
    fateOf: (record) =>
      record.startNs < 20 * MS
        ? { kind: 'answer', afterNs: 200 * MS, ok: true }
        : { kind: 'at_once', ok: true },
  });
  assert.ok(transport.mostOpen <= 2);
  assert.equal(end.maxInFlight, 2);
  const byDue = transport.sends.map((send) => send.record.startNs);
  assert.deepEqual(
    byDue,
    [...byDue].sort((a, b) => a - b),
  );
  const startNs = end.startNs ?? 0;
  const sentMs = transport.sends.map((send) => (send.atNs - startNs) / MS);
  assert.equal(sentMs[2], 200, 'the first slot came free');
  assert.equal(sentMs[3], 205, 'then half the planned gap of 10 ms');
  // 180 ms behind at 200 ms, gaining 5 ms with each operation.
  assert.deepEqual(sentMs.slice(38), [380, 390]);
  assert.ok(end.lateReleases > 20);
  assert.ok(settled.every((one) => one.disposition === 'ok'));
});

test('replay: shed drops what would leave too late, and counts it', async () => {
  const records = Array.from({ length: 10 }, (_, at) => makeRecord(at * 100 * MS, { session: `s${at}` }));
  const { end, settled } = await play(records, {
    behind: 'shed',
    shedAfterNs: 250 * MS,
    maxInFlight: 1,
    fateOf: (record) =>
      record === records[0] ? { kind: 'answer', afterNs: 600 * MS, ok: true } : { kind: 'at_once', ok: true },
  });
  const shed = settled.filter((one) => one.disposition === 'shed');
  assert.deepEqual(
    shed.map((one) => one.record.startNs / MS),
    [100, 200, 300],
  );
  assert.equal(end.accounting.shed, 3);
  assert.equal(end.accounting.ok, 7);
});

test('replay: stretch moves the rest of the plan by the lateness', async () => {
  const records = Array.from({ length: 4 }, (_, at) => makeRecord(at * 100 * MS, { session: `s${at}` }));
  const { end, settled, transport } = await play(records, {
    behind: 'stretch',
    maxInFlight: 1,
    fateOf: (record) =>
      record === records[0] ? { kind: 'answer', afterNs: 350 * MS, ok: true } : { kind: 'at_once', ok: true },
  });
  const startNs = end.startNs ?? 0;
  assert.deepEqual(
    transport.sends.map((send) => (send.atNs - startNs) / MS),
    [0, 350, 450, 550],
  );
  assert.equal(end.stretchedNs, 250 * MS);
  assert.ok(settled.every((one) => one.sentNs === one.dueNs));
});

test('replay: abort stops at the first operation that is too late and counts the rest as unsent', async () => {
  const records = Array.from({ length: 100 }, (_, at) => makeRecord(at * 100 * MS, { session: `s${at}` }));
  const { end } = await play(records, {
    behind: 'abort',
    abortAfterNs: 500 * MS,
    interruptDrainNs: 100 * MS,
    maxInFlight: 1,
    readAheadRecords: 5,
    fateOf: () => ({ kind: 'hang' }),
  });
  assert.equal(end.stop, 'behind');
  assert.deepEqual(end.accounting, {
    planned: 100,
    sent: 1,
    ok: 0,
    errors: 0,
    cutOff: 1,
    shed: 0,
    gateTimeout: 0,
    unsent: 99,
  });
  assert.equal(end.planComplete, true);
});

test('replay: an interrupt sends nothing more, gives what is in flight a little time and counts the rest', async () => {
  const records = Array.from({ length: 50 }, (_, at) => makeRecord(at * 100 * MS, { session: `s${at}` }));
  const controller = new AbortController();
  const { end, transport, clock } = await play(records, {
    signal: controller.signal,
    interruptDrainNs: SECOND,
    readAheadRecords: 4,
    fateOf: (record) =>
      record === records[3] ? { kind: 'hang' } : { kind: 'answer', afterNs: 50 * MS, ok: true },
    meanwhile: (time) => time.at(time.nowNs() + 1120 * MS, () => controller.abort()),
  });
  assert.equal(end.stop, 'interrupted');
  assert.equal(transport.sends.length, 11);
  assert.equal(end.accounting.ok, 10);
  assert.equal(end.accounting.cutOff, 1);
  assert.equal(end.accounting.unsent, 39);
  assert.ok(clock.nowNs() < 1e12 + 2300 * MS);
  assert.ok(accountingCloses(end.accounting));
});

test('replay: an interrupt while the source says nothing ends all the same, and the plan is not complete', async () => {
  const controller = new AbortController();
  const { end } = await play([], {
    signal: controller.signal,
    batches: async function* () {
      yield [makeRecord(0)];
      await new Promise(() => {});
    },
    meanwhile: (time) => time.at(time.nowNs() + SECOND, () => controller.abort()),
  });
  assert.equal(end.stop, 'interrupted');
  assert.equal(end.planComplete, false);
  assert.equal(end.accounting.planned, 1);
});

test('replay: a signal that is aborted already sends nothing', async () => {
  const { end, transport } = await play(burstyTrace(30, 3, 1), { signal: AbortSignal.abort() });
  assert.equal(transport.sends.length, 0);
  assert.equal(end.accounting.unsent, 30);
});

test('replay: what is in flight at the end is cut off when the drain runs out, else it times out', async () => {
  const hang = { fateOf: () => ({ kind: 'hang' }) as const };
  const cut = await play([makeRecord(0)], { ...hang, drainNs: 200 * MS });
  assert.equal(cut.end.accounting.cutOff, 1);
  const waited = await play([makeRecord(0)], { ...hang, timeoutNs: 700 * MS });
  assert.equal(waited.end.accounting.errors, 1);
  assert.equal(waited.settled[0]?.outcome?.failure, 'timeout');
  assert.match(waited.settled[0]?.outcome?.detail ?? '', /700 ms/);
});

test('replay: a stream gets its recorded duration on top of the timeout', async () => {
  const stream = { messages: [], halfCloseNs: 0, cancelNs: undefined };
  const record = makeRecord(0, { protocol: 'grpc', stream, durationNs: 10 * SECOND });
  const { settled, end } = await play([record], {
    multiplier: 2,
    timeoutNs: SECOND,
    fateOf: () => ({ kind: 'hang' }),
  });
  const tookNs = (settled[0]?.doneNs ?? 0) - (end.startNs ?? 0);
  // A server that talks on its own account does not talk faster.
  assert.ok(tookNs >= 11 * SECOND && tookNs < 11.1 * SECOND, `${tookNs}`);
});

test('replay: a transport that loses an operation does not hang the replay', async () => {
  const { end } = await play([makeRecord(0), makeRecord(1)], {
    timeoutNs: SECOND,
    fateOf: () => ({ kind: 'lost' }),
  });
  assert.equal(end.accounting.errors, 2);
});

test('replay: a broken source settles what was read and reports the error', async () => {
  const { end } = await play([], {
    batches: async function* () {
      yield [makeRecord(0), makeRecord(50 * MS, { session: 't' })];
      throw new EngramTraceError('corrupt', 'block 2 is damaged');
    },
  });
  assert.equal(end.stop, 'source_error');
  assert.equal(end.sourceError?.code, 'corrupt');
  assert.equal(end.accounting.ok, 2);
  assert.equal(end.planComplete, false);
});

test('replay: an empty source ends at once', async () => {
  const { end } = await play([]);
  assert.equal(end.accounting.planned, 0);
  assert.equal(end.startNs, undefined);
  assert.equal(end.planComplete, true);
});

test('replay: records that can not be sent truthfully never enter the plan', async () => {
  const whole = makeRecord(0);
  const incomplete = { ...whole.outcome, error: 'request_incomplete' };
  const records = [
    whole,
    makeRecord(1, { bodyBytesMissing: 5 }),
    makeRecord(2, { outcome: incomplete }),
    makeRecord(3, { op: 'write' }),
    makeRecord(4, { protocol: 'grpc' }),
  ];
  const played = await play(records, { only: (record) => record.op !== 'write' });
  assert.deepEqual(played.end.excluded, { ...emptyLeftOut(), incomplete: 2, filtered_out: 1 });
  assert.deepEqual(played.sentNumbers, [0, 4], 'numbers are positions in the trace');
  const noGrpc = await play(records, {
    deps: { transportFor: (record) => (record.protocol === 'http' ? played.transport : undefined) },
  });
  assert.equal(noGrpc.end.excluded.no_target, 1);
});

test('replay: passes follow each other without drift, and sessions keep their order over the seam', async () => {
  const records = [makeRecord(0), makeRecord(10 * MS, { durationNs: 15 * MS })];
  const { end, settled, transport } = await play(records, {
    loops: 3,
    multiplier: 0.5,
    fateOf: () => ({ kind: 'answer', afterNs: 1 * MS, ok: true }),
  });
  const startNs = end.startNs ?? 0;
  assert.deepEqual(
    transport.sends.map((send) => (send.atNs - startNs) / MS),
    [0, 20, 40, 60, 80, 100],
  );
  assert.deepEqual(
    settled.map((one) => one.number),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(end.passes, 3);
});

test('replay: an endless plan stops on interrupt, uncounted', async () => {
  const controller = new AbortController();
  const { end } = await play(burstyTrace(20, 2, 3), {
    loops: Infinity,
    readAheadRecords: 10,
    signal: controller.signal,
    meanwhile: (time) => time.at(time.nowNs() + 60 * SECOND, () => controller.abort()),
  });
  assert.equal(end.planComplete, false);
  assert.ok(end.passes > 5);
  assert.ok(accountingCloses(end.accounting));
});

test('replay: an endless plan without a single operation ends', async () => {
  const { end } = await play(burstyTrace(20, 2, 3), { loops: Infinity, only: () => false });
  assert.equal(end.accounting.planned, 0);
  assert.equal(end.excluded.filtered_out, 20);
});

test('replay: between two turns of the event loop no more than a slice of a batch is planned', async () => {
  const records = Array.from({ length: 1000 }, (_, at) => makeRecord(at * MS, { session: `s${at}` }));
  const perTurn: number[] = [];
  let planned = 0;
  await play(records, {
    batches: async function* (clock) {
      const realAt = clock.at;
      clock.at = (atNs, wake, isCoarse) => {
        if (atNs <= clock.nowNs()) {
          perTurn.push(planned);
          planned = 0;
        }
        return realAt(atNs, wake, isCoarse);
      };
      yield records;
    },
    only: () => {
      planned += 1;
      return true;
    },
  });
  assert.ok(Math.max(...perTurn) <= 64, perTurn.join());
  assert.ok(perTurn.filter((count) => count > 0).length >= 15);
});

test('replay: a reader with enough ahead lets what is due soon go first', async () => {
  const gapNs = 0.1 * MS;
  const records = Array.from({ length: 12_000 }, (_, at) =>
    makeRecord(at * gapNs, { session: `s${at % 50}` }),
  );
  let read = 0;
  let mostAhead = 0;
  const { end } = await play(records, {
    batches: () => inBatches(records, 128),
    only: () => {
      read += 1;
      return true;
    },
    readAheadRecords: 100_000,
    leadNs: gapNs,
    headStartNs: 0,
    deps: {
      observer: {
        onSent: ({ number }) => {
          mostAhead = Math.max(mostAhead, read - number);
        },
        onSettled() {},
      },
    },
  });
  assert.equal(end.accounting.ok, 12_000);
  assert.equal(end.lateReleases, 0);
  assert.ok(mostAhead >= 3000 && mostAhead < 6000, `${mostAhead}`);
});

test('replay: reading ahead is bounded in records and in bytes', async () => {
  const body = new Uint8Array(1000);
  const records = Array.from({ length: 300 }, (_, at) => makeRecord(at * MS, { session: `s${at}`, body }));
  for (const limit of [{ readAheadRecords: 20 }, { readAheadBytes: 20_000 }]) {
    let read = 0;
    let sent = 0;
    let most = 0;
    const counting = async function* (): AsyncGenerator<TraceRecord[]> {
      for await (const batch of inBatches(records, 1)) {
        read += batch.length;
        most = Math.max(most, read - sent);
        yield batch;
      }
    };
    const { end } = await play([], {
      ...limit,
      batches: counting,
      fateOf: () => ({ kind: 'at_once', ok: !!++sent }),
    });
    assert.equal(end.accounting.ok, 300);
    assert.ok(most <= 22, `${most} records read and not sent`);
  }
});

test('replay: what is held back is bounded too, and hitting the bound is counted', async () => {
  const records = Array.from({ length: 200 }, (_, at) => makeRecord(at * MS));
  const { end } = await play(records, {
    maxHeldRecords: 10,
    fateOf: () => ({ kind: 'answer', afterNs: 3 * MS, ok: true }),
  });
  assert.equal(end.accounting.ok, 200);
  assert.ok(end.maxHeld <= 10);
  assert.ok(end.heldLimitHits > 0);
});

test('replay: bytes held back are given back when an operation leaves, expires or is shed', async () => {
  const body = new Uint8Array(100);
  const records = Array.from({ length: 100 }, (_, at) =>
    makeRecord(at * 100 * MS, { session: `s${at % 3}`, body }),
  );
  const { end } = await play(records, {
    maxHeldBytes: 500,
    behind: 'shed',
    shedAfterNs: 10 * MS,
    gateTimeoutNs: 20 * MS,
    timeoutNs: 90 * MS,
    maxInFlight: 2,
    fateOf: (record) =>
      record.startNs % SECOND < 500 * MS ? { kind: 'hang' } : { kind: 'at_once', ok: true },
  });
  assert.equal(end.heldLimitHits, 0);
  assert.ok(accountingCloses(end.accounting));
});

test('replay: a source slower than the plan is counted as underrun', async () => {
  const { end } = await play([], {
    headStartNs: 0,
    batches: async function* (clock) {
      for (let at = 0; at < 5; at += 1) {
        yield [makeRecord(at * 10 * MS, { session: `s${at}` })];
        await new Promise<void>((resolve) => clock.at(clock.nowNs() + 200 * MS, resolve));
      }
    },
  });
  assert.equal(end.accounting.ok, 5);
  assert.ok(end.underruns >= 3);
});

test('replay: the first due time waits until a second of the plan is read, half a second at most', async () => {
  const slowly = (gapMs: number) =>
    async function* (clock: VirtualClock) {
      for (let at = 0; at < 20; at += 1) {
        yield [makeRecord(at * 100 * MS, { session: `s${at}` })];
        await new Promise<void>((resolve) => clock.at(clock.nowNs() + gapMs * MS, resolve));
      }
    };
  const quick = await play([], { batches: slowly(20) });
  const slow = await play([], { batches: slowly(90) });
  const startMs = ({ end }: typeof quick) => Math.round((end.startNs ?? 0) / MS);
  assert.equal(startMs(quick) - startMs(slow) < 0, true);
  assert.deepEqual([quick.end.underruns, slow.end.underruns], [0, 0]);
  assert.deepEqual([quick.end.accounting.ok, slow.end.accounting.ok], [20, 20]);
});

test('replay: asap keeps in flight full and the session order', async () => {
  const records = Array.from({ length: 100 }, (_, at) => makeRecord(at * SECOND, { session: `s${at % 20}` }));
  const { end, transport } = await play(records, {
    timing: { kind: 'asap' },
    maxInFlight: 5,
    behind: 'shed',
    fateOf: () => ({ kind: 'answer', afterNs: 10 * MS, ok: true }),
  });
  assert.equal(end.accounting.ok, 100);
  assert.equal(transport.mostOpen, 5);
  const tookNs = end.endNs - (end.startNs ?? 0);
  assert.equal(tookNs, (100 / 5) * 10 * MS);
});

test('replay: a thousand sync failures in one session do not grow the stack', async () => {
  const records = Array.from({ length: 20_000 }, (_, at) => makeRecord(at));
  const { end } = await play(records, { fateOf: () => ({ kind: 'throw' }), timing: { kind: 'asap' } });
  assert.equal(end.accounting.errors, 20_000);
});

test('replay: what its recorded client cancelled is cancelled at that time, scaled, and is no failure', async () => {
  const outcome = { ...makeRecord(0).outcome, status: 200, ok: false, error: 'client_aborted' };
  const aborted = makeRecord(0, { session: 'a', durationNs: 3 * SECOND, outcome });
  for (const [multiplier, tookNs] of [
    [0.5, 6 * SECOND],
    [1, 3 * SECOND],
    [10, 0.3 * SECOND],
  ] as const) {
    const { settled, end } = await play([aborted, makeRecord(MS, { session: 'b' })], {
      multiplier,
      timeoutNs: SECOND,
      fateOf: (record) => (record === aborted ? { kind: 'hang' } : { kind: 'at_once', ok: true }),
    });
    const left = settled.find((one) => one.record === aborted);
    assert.equal((left?.doneNs ?? 0) - (left?.sentNs ?? 0), tookNs);
    assert.equal(left?.disposition, 'ok');
    assert.equal(left?.outcome?.isCancelled, true);
    assert.equal(end.accounting.ok, 2);
  }
});

test('replay: an answer that ends before its client would have hung up is whole; one that fails has failed', async () => {
  const outcome = { ...makeRecord(0).outcome, status: 200, ok: false, error: 'client_aborted' };
  const aborted = [0, 1].map((ms) => makeRecord(ms * MS, { durationNs: SECOND, outcome, session: `s${ms}` }));
  const { settled, end } = await play([...aborted, ...burstyTrace(50, 5, 3)], {
    loops: 2,
    fateOf: (record) => ({ kind: 'answer', afterNs: 20 * MS, ok: record !== aborted[1] }),
  });
  assert.equal(end.accounting.ok, 102);
  assert.equal(end.accounting.errors, 2);
  assert.ok(
    settled.every((one) => one.outcome?.isCancelled === undefined),
    'a flight is used again',
  );
});

test('replay: what is overdue for its cancel and its timeout is cancelled as recorded, whoever wakes first', async () => {
  const outcome = { ...makeRecord(0).outcome, error: 'client_aborted' };
  const aborted = makeRecord(0, { durationNs: 20 * MS, outcome });
  const clock = createVirtualClock(1e12);
  // A busy machine: only the coarse timer of the sweeps comes when it should.
  const late: Clock = {
    nowNs: () => clock.nowNs(),
    at: (atNs, wake, isCoarse) => clock.at(isCoarse === true ? atNs : atNs + 100 * MS, wake),
  };
  const transport = createScriptedTransport(clock, () => ({ kind: 'hang' }));
  const dispositions: string[] = [];
  const ending = replay(() => inBatches([aborted], 1), replayOptions({ timeoutNs: MS }), {
    clock: late,
    transportFor: () => transport,
    observer: {
      onSent: () => {},
      onSettled: ({ outcome: ended }, disposition) =>
        dispositions.push(`${disposition} ${ended?.failure} ${ended?.detail}`),
    },
  });
  await clock.runUntil(ending, 1e12 + 60 * SECOND);
  assert.deepEqual(dispositions, ['ok undefined cancelled as recorded']);
});

test('replay: the clock is told the due time after the one to wake for, where the plan has it', async () => {
  const records = [0, 5, 12].map((ms) => makeRecord(ms * MS));
  const clock = createVirtualClock(1e12);
  const told: (readonly [number, number | undefined])[] = [];
  const watched: Clock = {
    nowNs: () => clock.nowNs(),
    at: (atNs, wake, isCoarse, thenNs) => {
      if (isCoarse !== true && atNs > clock.nowNs()) told.push([atNs, thenNs]);
      return clock.at(atNs, wake);
    },
  };
  const transport = createScriptedTransport(clock, () => ({ kind: 'hang' }));
  const ending = replay(() => inBatches(records, 3), replayOptions({ leadNs: MS, drainNs: 0 }), {
    clock: watched,
    transportFor: () => transport,
    observer: { onSent: () => {}, onSettled: () => {} },
  });
  const { startNs = 0 } = await clock.runUntil(ending, 1e12 + 60 * SECOND);
  const dueNs = [startNs, startNs + 5 * MS, startNs + 12 * MS] as const;
  assert.deepEqual(told, [
    [dueNs[0], dueNs[1]],
    [dueNs[1], dueNs[2]],
    [dueNs[2], Infinity],
  ]);
});

test('replay: an interrupt cuts off what would be cancelled later', async () => {
  const outcome = { ...makeRecord(0).outcome, error: 'client_aborted' };
  const stop = new AbortController();
  const { end, settled } = await play([makeRecord(0, { durationNs: 60 * SECOND, outcome })], {
    signal: stop.signal,
    interruptDrainNs: SECOND,
    fateOf: () => {
      queueMicrotask(() => stop.abort());
      return { kind: 'hang' };
    },
  });
  assert.equal(end.accounting.cutOff, 1);
  assert.equal(settled[0]?.outcome?.failure, 'cancelled');
});

test('replay: an answer that took longer than the timeout when it was recorded has that time besides', async () => {
  const long = makeRecord(0, { durationNs: 45 * SECOND });
  for (const multiplier of [0.5, 1, 20]) {
    const recordedNs = (45 * SECOND) / Math.min(1, multiplier);
    const whole = await play([long], {
      multiplier,
      fateOf: () => ({ kind: 'answer', afterNs: recordedNs, ok: true }),
    });
    assert.equal(whole.end.accounting.ok, 1);
    const { settled } = await play([long], { multiplier, fateOf: () => ({ kind: 'hang' }) });
    const tookNs = (settled[0]?.doneNs ?? 0) - (settled[0]?.sentNs ?? 0);
    assert.ok(tookNs >= recordedNs + 30 * SECOND && tookNs < recordedNs + 30.1 * SECOND, `${tookNs}`);
  }
});
