import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, Transport } from '../../../src/replay/ports.ts';
import { HoldMeter } from '../../../src/replay/release/hold-meter.ts';
import { makeRecord } from '../../support/make-record.ts';
import { type Fate, MS, type PlayOptions, play, type Settled } from '../../support/replay-harness.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';

/** What an operation waited for, in ms, zeros left out. */
function waits(one: Settled | undefined): Record<string, number> {
  if (one?.sentNs === undefined || one.releasedNs === undefined) return { sent: Number.NaN };
  const { dueNs, readyNs, releasedNs, sentNs, readingNs, fullNs, pacedNs, stalledNs } = one;
  const parts = {
    gate: readyNs - dueNs,
    reading: readingNs,
    full: fullNs,
    paced: pacedNs,
    stalled: stalledNs,
    scheduler: releasedNs - readyNs - readingNs - fullNs - pacedNs - stalledNs,
    transport: sentNs - releasedNs,
  };
  return Object.fromEntries(
    Object.entries(parts)
      .filter(([, ns]) => Math.abs(ns) >= 10)
      .map(([name, ns]) => [name, ns / MS]),
  );
}

/** Plays operations that are due at these times, each of a session of its own, and says what each waited for. */
async function playAt(startsMs: number[], options: PlayOptions): Promise<Record<string, number>[]> {
  const records = startsMs.map((ms, at) => makeRecord(ms * MS, { session: `s${at}`, path: `${at}` }));
  const { settled } = await play(records, options);
  return settled.sort((a, b) => a.number - b.number).map(waits);
}

const answering =
  (answersMs: Record<string, number>) =>
  ({ path }: { path: string }): Fate => ({ kind: 'answer', afterNs: (answersMs[path] ?? 0) * MS, ok: true });

test('attribution: on time, nothing was waited for', async () => {
  assert.deepEqual(await playAt([0, 5, 5, 90], {}), [{}, {}, {}, {}]);
});

test('attribution: a full window, then the pace of catching up', async () => {
  const all = await playAt([0, 20, 40, 60, 80, 300], { maxInFlight: 1, fateOf: answering({ 0: 100 }) });
  // The slot comes free at 100; from there half the planned gap of 20 ms.
  assert.deepEqual(all, [
    {},
    { full: 80 },
    { full: 60, paced: 10 },
    { full: 40, paced: 20 },
    { full: 20, paced: 30 },
    {},
  ]);
});

test('attribution: the limit of what may be held is back-pressure as well', async () => {
  const all = await playAt([0, 20, 40, 60, 300], {
    maxInFlight: 1,
    maxHeldRecords: 1,
    catchUpFactor: 1e9,
    fateOf: answering({ 0: 100 }),
  });
  for (const [at, ms] of [80, 60, 40].entries()) {
    assert.ok(Math.abs((all[at + 1]?.['full'] ?? 0) - ms) < 0.001, JSON.stringify(all[at + 1]));
  }
});

test('attribution: the wait for a predecessor is the gate, what comes after it is not', async () => {
  const records = [
    makeRecord(0, { session: 'a', path: '0' }),
    makeRecord(10 * MS, { session: 'a', path: '1' }),
    makeRecord(20 * MS, { session: 'b', path: '2' }),
    makeRecord(30 * MS, { session: 'a', path: '3' }),
  ];
  const { settled } = await play(records, {
    maxInFlight: 2,
    catchUpFactor: 1e9,
    fateOf: answering({ 0: 50, 2: 1000, 1: 100 }),
  });
  const all = settled.sort((x, y) => x.number - y.number).map(waits);
  assert.deepEqual(all, [{}, { gate: 40 }, {}, { gate: 120 }]);
});

test('attribution: a trace that is read too late', async () => {
  const all = await playAt([0, 10, 200], {
    headStartNs: 0,
    batches: async function* (clock: VirtualClock) {
      yield [makeRecord(0, { session: 's0' })];
      await new Promise<void>((go) => clock.at(clock.nowNs() + 150 * MS, go));
      yield [makeRecord(10 * MS, { session: 's1' }), makeRecord(200 * MS, { session: 's2' })];
    },
  });
  // 100 ms of lead, so the second batch comes 50 ms after the start.
  assert.deepEqual(all, [{}, { reading: 40 }, {}]);
});

test('attribution: stretch moves the plan, so nothing is late', async () => {
  const all = await playAt([0, 20, 40], { behind: 'stretch', maxInFlight: 1, fateOf: answering({ 0: 100 }) });
  assert.deepEqual(all, [{}, {}, {}]);
});

/** Wakes up to 40 ms late while a span lasts: a process that got no CPU. */
function stalling(clock: Clock, fromNs: number, toNs: number): Clock {
  const busyUntil = (ns: number): number => (ns >= fromNs && ns < toNs ? toNs : ns);
  return { nowNs: () => clock.nowNs(), at: (atNs, wake) => clock.at(busyUntil(atNs), wake) };
}

test('attribution: a stall is told apart from ordinary lateness', async () => {
  const { createVirtualClock } = await import('../../support/virtual-clock.ts');
  const { replay } = await import('../../../src/replay/engine/engine.ts');
  const { replayOptions } = await import('../../../src/replay/replay-options.ts');
  const { createScriptedTransport, inBatches } = await import('../../support/replay-harness.ts');
  const time = createVirtualClock(0);
  const anchorNs = 100 * MS;
  // Stands still from 150 to 190 ms, and once more for 5 ms, which is no stall.
  const clock = stalling(stalling(time, 150 * MS, 190 * MS), 300 * MS, 305 * MS);
  const records = [0, 50, 70, 120, 200, 202, 220].map((ms, at) => makeRecord(ms * MS, { session: `s${at}` }));
  const transport = createScriptedTransport(clock, () => ({ kind: 'at_once', ok: true }));
  const seen: Record<string, number>[] = [];
  const ending = replay(() => inBatches(records, 10), replayOptions({ catchUpFactor: 1e9 }), {
    clock,
    anchorNs,
    transportFor: () => transport,
    observer: { onSent() {}, onSettled: (one) => seen.push(waits({ ...one, disposition: 'ok' })) },
  });
  const { stalls } = await time.runUntil(ending, 10e9);
  assert.deepEqual(seen, [{}, { stalled: 40 }, { stalled: 20 }, {}, { scheduler: 5 }, { scheduler: 3 }, {}]);
  assert.deepEqual(stalls, { count: 1, totalNs: 40 * MS, maxNs: 40 * MS });
});

test('hold meter: charges an operation with the spans it lived through', () => {
  const meter = new HoldMeter();
  const flight = { readyNs: 0, fullNs: 0, pacedNs: 0, stalledNs: 0, readingNs: 0 };
  const begin = (readyNs: number, readNs = -Infinity): typeof flight => {
    const one = { ...flight, readyNs };
    meter.begin(one, readNs);
    return one;
  };
  meter.look(0);
  meter.rest(0, 100, 'full');
  const early = begin(0);
  meter.interrupt(30);
  meter.rest(30, 100, 'paced');
  const late = begin(20);
  meter.look(50);
  meter.rest(50, 60, 'none');
  const readLate = begin(10, 40);
  meter.look(60 + 20 * MS);
  for (const one of [early, late, readLate]) meter.end(one);
  const shown = [early, late, readLate].map(({ fullNs, pacedNs, stalledNs, readingNs }) => [
    fullNs,
    pacedNs,
    stalledNs,
    readingNs,
  ]);
  assert.deepEqual(shown, [
    [30, 20, 20 * MS, 0],
    [10, 20, 20 * MS, 0],
    [20, 10, 20 * MS, 10],
  ]);
});

const HELD: [what: string, waitMs: number, heldMs: number, parts: Record<string, number>][] = [
  ['all of the wait', 8, 8, { full: 8 }],
  ['a part of the wait', 8, 3, { full: 3, transport: 5 }],
  ['nothing of it', 8, 0, { transport: 8 }],
  ['no more than it waited', 8, 9, { full: 8 }],
];

for (const [what, waitMs, heldMs, parts] of HELD) {
  test(`busy connections held it in the transport for ${what}: that is no longer the transport's`, async () => {
    const transportOn = (clock: VirtualClock): Transport => ({
      warmUp: () => Promise.resolve(),
      close: () => Promise.resolve(),
      send(_record, _timeScale, listener) {
        return clock.at(clock.nowNs() + waitMs * MS, () => {
          listener.onSent(heldMs * MS);
          listener.onDone({ status: 200, ok: true, failure: undefined, detail: '', responseBytes: 0 });
        });
      },
    });
    assert.deepEqual(await playAt([0, 50], { transportOn }), [parts, parts]);
  });
}
