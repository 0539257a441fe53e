import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { type Fate, MS, type PlayOptions, play, SECOND } from '../../support/replay-harness.ts';

const THINK = { timing: { kind: 'think' as const } };

/** Times in ms: recorded start, recorded duration, and how long the replayed answer takes. */
type Row = [path: string, startMs: number, durationMs: number, answerMs: number, session?: string];

interface Times {
  due: number;
  ready: number;
  sent: number;
  done: number;
}

async function times(rows: Row[], options: PlayOptions = {}): Promise<Record<string, Times>> {
  const records = rows.map(([path, startMs, durationMs, , session = 's']) =>
    makeRecord(startMs * MS, { path, durationNs: durationMs * MS, session }),
  );
  const answers = new Map(rows.map(([path, , , answerMs]) => [path, answerMs * MS]));
  const { end, settled } = await play(records, {
    ...THINK,
    fateOf: ({ path }) => ({ kind: 'answer', afterNs: answers.get(path) ?? 0, ok: true }),
    ...options,
  });
  const ms = (ns: number | undefined) => ((ns ?? Number.NaN) - (end.startNs ?? 0)) / MS;
  return Object.fromEntries(
    settled.map(({ record, dueNs, readyNs, sentNs, doneNs }) => [
      record.path,
      { due: ms(dueNs), ready: ms(readyNs), sent: ms(sentNs), done: ms(doneNs) },
    ]),
  );
}

const sentOf = (all: Record<string, Times>): Record<string, number> =>
  Object.fromEntries(Object.entries(all).map(([path, { sent }]) => [path, sent]));

test('think: a slow server gets its next operation after the recorded pause, not at once', async () => {
  const rows: Row[] = [
    ['/a', 0, 10, 500],
    ['/b', 30, 10, 500],
    ['/c', 100, 10, 0],
  ];
  const all = await times(rows);
  assert.deepEqual(sentOf(all), { '/a': 0, '/b': 520, '/c': 1080 });
  for (const { due, ready, sent } of Object.values(all)) assert.ok(due === ready && ready === sent);
});

test('think: a fast server gets it sooner than recorded, by what it was faster', async () => {
  const rows: Row[] = [
    ['/a', 0, 400, 5],
    ['/b', 500, 400, 5],
    ['/c', 1000, 10, 0],
  ];
  assert.deepEqual(sentOf(await times(rows)), { '/a': 0, '/b': 105, '/c': 210 });
});

test('think: sessions begin at their recorded times, whatever others do', async () => {
  const rows: Row[] = [
    ['/a1', 0, 10, 5000, 'a'],
    ['/a2', 20, 10, 0, 'a'],
    ['/b1', 50, 10, 0, 'b'],
    ['/c1', 60, 10, 0, 'c'],
  ];
  assert.deepEqual(sentOf(await times(rows)), { '/a1': 0, '/b1': 50, '/c1': 60, '/a2': 5010 });
});

test('think: what overlapped keeps its distance, and still waits for what had ended', async () => {
  const rows: Row[] = [
    ['/first', 0, 10, 200],
    ['/long', 20, 100, 300], // 10 ms after /first had ended
    ['/beside', 50, 10, 40], // 30 ms into /long
    ['/last', 150, 10, 0], // 30 ms after /long, the last of all, had ended
  ];
  const all = await times(rows);
  assert.deepEqual(sentOf(all), { '/first': 0, '/long': 210, '/beside': 240, '/last': 540 });
  // The same, but what had ended takes longer than the distance: then that decides.
  const slow: Row[] = [
    ['/long', 0, 100, 10],
    ['/short', 5, 10, 400],
    ['/after', 50, 10, 0],
  ];
  assert.deepEqual(sentOf(await times(slow)), { '/long': 0, '/short': 5, '/after': 405 });
});

test('think: pauses are scaled, paced and cut', async () => {
  const rows: Row[] = [
    ['/a', 0, 10, 100],
    ['/b', 110, 10, 100],
    ['/c', 220, 10, 0],
  ];
  assert.deepEqual(sentOf(await times(rows, { multiplier: 2 })), { '/a': 0, '/b': 150, '/c': 300 });
  assert.deepEqual(sentOf(await times(rows, { maxGapNs: 30 * MS })), { '/a': 0, '/b': 130, '/c': 260 });
  const pace = [
    { durationNs: 150 * MS, rate: 1 },
    { durationNs: 1, rate: 4 },
  ];
  // /b thinks 50 ms at 1x and the other 50 ms at 4x, /c all at 4x.
  assert.deepEqual(sentOf(await times(rows, { pace })), { '/a': 0, '/b': 162.5, '/c': 287.5 });
});

test('think: goes on over passes, with a copy for company', async () => {
  const records = [
    makeRecord(0, { durationNs: 10 * MS, path: '/a' }),
    makeRecord(60 * MS, { durationNs: 10 * MS, path: '/b' }),
  ];
  const { end, settled } = await play(records, {
    ...THINK,
    loops: 2,
    copies: 2,
    copySpreadNs: 0,
    window: { startNs: 0, endNs: 100 * MS },
    fateOf: () => ({ kind: 'answer', afterNs: 100 * MS, ok: true }),
  });
  const sentMs = settled.map(({ sentNs }) => ((sentNs ?? 0) - (end.startNs ?? 0)) / MS);
  // Pauses of 50 and 30 ms (70 to 100 ms), each after an answer of 100 ms; both sessions alike.
  assert.deepEqual(sentMs, [0, 0, 150, 150, 280, 280, 430, 430]);
});

test('think: nothing waits for ever: a hanging answer times out and the session goes on after its pause', async () => {
  const rows: Row[] = [
    ['/a', 0, 10, 0],
    ['/b', 30, 10, 0],
  ];
  const fateOf = ({ path }: TraceRecord): Fate =>
    path === '/a' ? { kind: 'hang' } : { kind: 'at_once', ok: true };
  const all = await times(rows, { fateOf, timeoutNs: 400 * MS, gateTimeoutNs: 100 * MS });
  assert.ok((all['/a']?.done ?? 0) >= 400);
  assert.equal(all['/b']?.sent, (all['/a']?.done ?? 0) + 20, 'no gate timeout in think time');
});

test('think: what could not be read far enough ahead is late, and counted', async () => {
  const records = Array.from({ length: 40 }, (_, at) =>
    makeRecord(at * 100 * MS, { durationNs: 100 * MS, session: at === 39 ? 'other' : 's' }),
  );
  const fateOf = (): Fate => ({ kind: 'answer', afterNs: SECOND, ok: true });
  const { end, settled } = await play(records, { ...THINK, maxHeldRecords: 4, fateOf });
  assert.equal(end.accounting.ok, 40);
  assert.ok(end.underruns > 0, 'the other session should have begun at 3.9 s');
  const other = settled.find(({ record }) => record.session === 'other');
  assert.equal(other?.dueNs, (end.startNs ?? 0) + 3900 * MS);
  assert.ok((other?.readingNs ?? 0) + (other?.fullNs ?? 0) > SECOND);
});

test('think: an interrupt settles what waits', async () => {
  const controller = new AbortController();
  const records = Array.from({ length: 30 }, (_, at) => makeRecord(at * MS, { session: `s${at % 3}` }));
  const { end } = await play(records, {
    ...THINK,
    signal: controller.signal,
    fateOf: () => ({ kind: 'answer', afterNs: SECOND, ok: true }),
    meanwhile: (clock) => clock.at(clock.nowNs() + 1500 * MS, () => controller.abort()),
  });
  assert.equal(end.stop, 'interrupted');
  assert.equal(end.accounting.planned, 30);
  assert.equal(end.accounting.unsent, 24);
});

test('think: order open is refused', async () => {
  await assert.rejects(
    async () => play([makeRecord(0)], { ...THINK, order: 'open' }),
    /order has to be session/,
  );
});

const stepArb = fc.record({
  gapNs: fc.oneof(fc.constant(0), fc.nat(40 * MS)),
  durationNs: fc.oneof(fc.constant(0), fc.nat(100 * MS)),
  answerNs: fc.nat(150 * MS),
});

/** The definition, worked out operation by operation from what happened. */
function expectedDue(
  steps: readonly { startNs: number; endNs: number; dueNs: number; doneNs: number }[],
  at: number,
  multiplier: number,
): number | undefined {
  const { startNs } = steps[at] as (typeof steps)[number];
  const before = steps.slice(0, at);
  const ended = before.filter(({ endNs }) => endNs <= startNs);
  const beside = before.filter(({ endNs }) => endNs > startNs).at(-1);
  const followNs = ended.length === 0 ? undefined : Math.max(...ended.map(({ doneNs }) => doneNs));
  if (beside !== undefined) {
    return Math.max(beside.dueNs + (startNs - beside.startNs) / multiplier, followNs ?? -Infinity);
  }
  if (followNs === undefined) return undefined;
  return followNs + (startNs - Math.max(...ended.map(({ endNs }) => endNs))) / multiplier;
}

test('think: due times are those of the definition, for any session and any answers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArb, { minLength: 1, maxLength: 25 }),
      fc.constantFrom(0.5, 1, 3),
      async (list, multiplier) => {
        let startNs = 0;
        const records = list.map(({ gapNs, durationNs }, at) => {
          startNs += at === 0 ? 0 : gapNs;
          return makeRecord(startNs, { durationNs, path: `${at}` });
        });
        const { end, settled } = await play(records, {
          ...THINK,
          multiplier,
          fateOf: ({ path }) => ({ kind: 'answer', afterNs: list[Number(path)]?.answerNs ?? 0, ok: true }),
        });
        const steps = settled
          .sort((a, b) => a.number - b.number)
          .map(({ record, dueNs, doneNs }) => ({
            startNs: record.startNs,
            endNs: record.startNs + (record.durationNs ?? 0),
            dueNs: dueNs - (end.startNs ?? 0),
            doneNs: (doneNs ?? Number.NaN) - (end.startNs ?? 0),
          }));
        for (const [at, { dueNs }] of steps.entries()) {
          const expectedNs = expectedDue(steps, at, multiplier) ?? 0;
          assert.ok(Math.abs(dueNs - expectedNs) <= 1, `${at}: ${dueNs}, expected ${expectedNs}`);
        }
      },
    ),
    { numRuns: runs(300) },
  );
});
