import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountingCloses } from '../../../src/replay/accounting.ts';
import { targetOf } from '../../../src/replay/plan/target-of.ts';
import type { Disposition } from '../../../src/replay/ports.ts';
import type { ReplayOptions } from '../../../src/replay/replay-options.ts';
import { createResultsDocument } from '../../../src/results/create-results-document.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import { ResultsRecorder } from '../../../src/results/tally/results-recorder.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { documentInput, validated } from '../../results/support.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { burstyTrace, type Fate, MS, play, SECOND } from '../../support/replay-harness.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { playShared, type SharedPlay } from './in-process-shards.ts';

const COUNTS = [1, 2, 3, 5];
const TARGET = { http: 'http://127.0.0.1:1', grpc: null, addresses: [] };
const ns = (minMs: number, maxMs: number): fc.Arbitrary<number> =>
  fc.integer({ min: minMs * MS, max: maxMs * MS });

/** What left, session by session: which bytes, in which order. */
function bySession(sends: readonly { record: TraceRecord }[]): Record<string, string[]> {
  const sessions: Record<string, string[]> = {};
  for (const { record } of sends) {
    sessions[record.session] ??= [];
    const { method, path, body, headers } = record;
    sessions[record.session]?.push(
      `${method} ${path} ${headers.join()} ${Buffer.from(body).toString('hex')}`,
    );
  }
  return sessions;
}

function sendTimes(sends: readonly { atNs: number }[], startNs: number | undefined): number[] {
  return sends.map(({ atNs }) => atNs - (startNs ?? 0)).sort((a, b) => a - b);
}

function noted(): {
  onRow: (number: number, disposition: Disposition) => void;
  settled: Map<number, Disposition>;
} {
  const settled = new Map<number, Disposition>();
  return {
    settled,
    onRow: (number, disposition) => {
      assert.ok(!settled.has(number), `operation ${number} is settled once`);
      settled.set(number, disposition);
    },
  };
}

describe('a replay by several shards', () => {
  it('sends what one sends: sessions, bytes, order and times', async () => {
    const records = burstyTrace(700, 23, 7).map((record, i) => ({
      ...record,
      headers: ['content-type', i % 2 ? 'application/json' : 'text/plain'],
      body: Buffer.from(`body of ${i}`),
    }));
    for (const [given, counts] of [
      [{}, COUNTS],
      [{ multiplier: 3, loops: 2 }, [2, 5]],
      [{ timing: { kind: 'rate' as const, perSec: 300 } }, [3, 4]],
    ] as const) {
      const alone = await play(records, given);
      for (const shards of counts) {
        const { end, sends } = await playShared(records, { ...given, shards, placed: shards % 2 === 1 });
        const all = sends.flat();
        assert.deepEqual(bySession(all), bySession(alone.transport.sends));
        assert.deepEqual(sendTimes(all, end.startNs), sendTimes(alone.transport.sends, alone.end.startNs));
        assert.deepEqual(end.accounting, alone.end.accounting);
        assert.equal(end.passes, alone.end.passes);
        assert.equal(end.stop, 'end');
        for (const [number, other] of sends.entries()) {
          const mine = new Set(other.map(({ record }) => record.session));
          const theirs = sends.filter((_, i) => i !== number).flat();
          assert.ok(
            theirs.every(({ record }) => !mine.has(record.session)),
            'a session has one shard',
          );
        }
        assert.ok(shards === 1 || sends.every((own) => own.length > 40), 'all of them work');
      }
    }
  });

  it('makes the document that one makes', async () => {
    const records = burstyTrace(800, 11, 3);
    const fateOf = ({ path }: TraceRecord): Fate =>
      path.endsWith('3')
        ? { kind: 'answer', afterNs: 4 * MS, ok: false }
        : { kind: 'answer', afterNs: 2 * MS, ok: true };
    await assertSameDocuments(records, fateOf, {}, COUNTS);
  });

  it('makes the document that one makes, histograms to the byte, whatever the records and answers', async () => {
    const run = fc.record({
      shards: fc.integer({ min: 1, max: 5 }),
      placed: fc.boolean(),
      steps: fc.array(
        fc.record({
          gapNs: fc.oneof(fc.constant(0), ns(0, 40)),
          session: fc.integer({ min: 0, max: 9 }),
          op: fc.constantFrom('recall', 'remember', 'get'),
          durationNs: fc.option(ns(0, 100), { nil: undefined }),
          answer: fc.record({
            afterNs: fc.integer({ min: 1, max: 5000 * MS }),
            ok: fc.boolean(),
            is: fc.constantFrom('same' as const, 'other' as const, undefined),
            headerValue: fc.constantFrom('b1', 'b2'),
          }),
        }),
        { minLength: 1, maxLength: 80 },
      ),
      options: fc.record({
        multiplier: fc.constantFrom(0.5, 1, 3),
        loops: fc.constantFrom(1, 2),
        order: fc.constantFrom('session' as const, 'open' as const),
        timeoutNs: fc.constant(60 * SECOND), // when a sweep finds it is no matter of the plan
      }),
    });
    await fc.assert(
      fc.asyncProperty(run, async ({ shards, placed, steps, options }) => {
        let startNs = 0;
        const records = steps.map(({ gapNs, session, op, durationNs }, i) => {
          startNs += gapNs;
          return makeRecord(startNs, { session: `s${session}`, op, durationNs, path: `/${i}` });
        });
        const fateOf = ({ path }: TraceRecord): Fate => ({
          kind: 'answer',
          ...(steps[Number(path.slice(1))]?.answer ?? { afterNs: 0, ok: false }),
        });
        await assertSameDocuments(records, fateOf, options, [shards], placed);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('keeps to one limit of operations in flight', async () => {
    const records = burstyTrace(300, 20, 5);
    const fateOf = (): Fate => ({ kind: 'answer', afterNs: 500 * MS, ok: true });
    const { end, mostOpen } = await playShared(records, {
      shards: 3,
      fateOf,
      maxInFlight: 7,
      order: 'open',
    });
    assert.ok(mostOpen.reduce((sum, open) => sum + open, 0) <= 7, String(mostOpen));
    assert.equal(end.accounting.ok, 300);
    assert.ok(end.maxInFlight <= 7);
  });

  it('ends an empty plan', async () => {
    const { end } = await playShared([], { shards: 2 });
    assert.equal(end.accounting.planned, 0);
    assert.equal(end.startNs, undefined);
    assert.equal(end.stop, 'end');
  });

  it('plays what was read of a source that breaks, and says so', async () => {
    const batches = async function* () {
      yield burstyTrace(100, 5, 1);
      throw new Error('the disk is gone');
    };
    const { end } = await playShared([], { shards: 2, batches });
    assert.equal(end.stop, 'source_error');
    assert.match(end.sourceError?.message ?? '', /the disk is gone/);
    assert.equal(end.accounting.ok, 100);
  });

  it('starves no shard while another one has all the work', async () => {
    // One operation of a quiet session now and then, among a crowd that fills the other shard's credits.
    const records = Array.from({ length: 6000 }, (_, i) =>
      makeRecord(i * (MS / 10), { session: i % 500 === 499 ? 'quiet' : 'crowd', path: `/${i}` }),
    );
    const { end, sends } = await playShared(records, { shards: 2, readAheadRecords: 64 });
    assert.equal(end.accounting.ok, 6000);
    assert.equal(end.underruns, 0);
    for (const { record, atNs } of sends.flat()) assert.equal(atNs - (end.startNs ?? 0), record.startNs);
  });

  it('reads no further ahead than its shards have room for, however long the plan', async () => {
    // 2000 operations of 16 KB over 20 s: most of them are not due for a long time.
    const body = Buffer.alloc(16_384);
    const records = Array.from({ length: 2000 }, (_, i) =>
      makeRecord(i * 10 * MS, { session: `s${i % 7}`, body }),
    );
    let [read, sent, furthest] = [0, 0, 0];
    const { end } = await playShared([], {
      shards: 2,
      readAheadRecords: 64,
      batches: async function* () {
        for (let at = 0; at < records.length; at += 10) {
          furthest = Math.max(furthest, read - sent);
          read += 10;
          yield records.slice(at, at + 10);
        }
      },
      fateOf: () => {
        sent += 1;
        return { kind: 'at_once', ok: true };
      },
    });
    assert.equal(end.accounting.ok, records.length);
    assert.equal(end.underruns, 0);
    assert.ok(furthest < records.length / 2, `${furthest} were read ahead`);
  });
});

/** What of a document is the same for any number of shards: all but how many were in flight, or held, at one time. */
function comparable({ windows, fidelity, ...rest }: ResultsDocument) {
  const { max_in_flight, max_held: _held, ...engine } = fidelity.engine;
  // A quotient of sums of doubles, which are added up in another order.
  const { slope_us_per_sec, ...drift } = fidelity.drift;
  return {
    slope: slope_us_per_sec,
    spanSecs: drift.planned_duration_secs,
    most: [max_in_flight, ...windows.map(({ in_flight }) => in_flight)],
    document: {
      ...rest,
      fidelity: { ...fidelity, engine, drift },
      windows: windows.map(({ in_flight, ...window }) => window),
    },
  };
}

async function assertSameDocuments(
  records: TraceRecord[],
  fateOf: (record: TraceRecord) => Fate,
  options: Partial<ReplayOptions>,
  counts: readonly number[],
  placed = false,
): Promise<void> {
  const tally = {
    timeScale: options.multiplier ?? 1,
    targetOf: (session: string) => targetOf(session, 3),
    countsHeaders: true,
  };
  const own = new ResultsRecorder(tally);
  const { end } = await play(records, { ...options, fateOf, deps: { observer: own } });
  const wanted = comparable(documentOf(own, end));
  for (const shards of counts) {
    const played = await playShared(records, { ...options, fateOf, shards, placed, tally });
    const { document, most, slope, spanSecs } = comparable(documentOf(played.recorder, played.end));
    assert.deepEqual(document, wanted.document);
    if (slope !== null && wanted.slope !== null && (spanSecs ?? 0) > 0.001) {
      const scale = Math.max(1, Math.abs(wanted.slope));
      assert.ok(Math.abs(slope - wanted.slope) <= 1e-3 * scale, `${slope} is not ${wanted.slope}`);
    }
    for (const [i, count] of most.entries())
      assert.ok(count >= (wanted.most[i] ?? 0), `${count} is no bound`);
  }
}

function documentOf(recorder: ResultsRecorder, end: SharedPlay['end']) {
  const targets = [TARGET, TARGET, TARGET] as const;
  return validated(createResultsDocument({ ...documentInput(), targets, countByHeader: 'x', recorder, end }));
}

describe('a replay by several shards that is cut short', () => {
  const slow = (): Fate => ({ kind: 'answer', afterNs: 30 * MS, ok: true });
  const long = (): TraceRecord[] => burstyTrace(3000, 17, 9);

  it('stops on an interrupt and accounts for everything', async () => {
    const controller = new AbortController();
    const { onRow, settled } = noted();
    const { end } = await playShared(long(), {
      shards: 3,
      fateOf: slow,
      onRow,
      signal: controller.signal,
      meanwhile: (clock) => void clock.at(clock.nowNs() + 3 * SECOND, () => controller.abort()),
    });
    assert.equal(end.stop, 'interrupted');
    assert.ok(accountingCloses(end.accounting), JSON.stringify(end.accounting));
    assert.equal(end.accounting.planned, 3000);
    assert.ok(end.accounting.ok > 100 && end.accounting.unsent > 100);
    assert.equal(settled.size, 3000);
  });

  it('stops before it began', async () => {
    const { end, sends } = await playShared(long(), { shards: 2, signal: AbortSignal.abort() });
    assert.equal(end.stop, 'interrupted');
    assert.equal(sends.flat().length, 0);
    assert.ok(accountingCloses(end.accounting));
  });

  it('ends when a shard dies: its open operations are cut off or unsent, the others drain', async () => {
    const { onRow, settled } = noted();
    const hanging = (): Fate => ({ kind: 'answer', afterNs: 400 * MS, ok: true });
    const { end } = await playShared(long(), {
      shards: 3,
      fateOf: hanging,
      onRow,
      meanwhile: (clock, shards) =>
        void clock.at(clock.nowNs() + 3 * SECOND, () => shards.die(1, 'RangeError: out of memory')),
    });
    assert.equal(end.stop, 'sender_died');
    assert.match(end.senderError?.message ?? '', /sender 2 died: RangeError: out of memory/);
    const { accounting } = end;
    assert.ok(accountingCloses(accounting), JSON.stringify(accounting));
    assert.equal(accounting.planned, 3000);
    assert.equal(settled.size, 3000);
    assert.ok(
      accounting.cutOff > 0 && accounting.unsent > 0 && accounting.ok > 0,
      JSON.stringify(accounting),
    );
  });

  it('ends when every shard dies', async () => {
    const { end } = await playShared(long(), {
      shards: 2,
      meanwhile: (clock, shards) =>
        void clock.at(clock.nowNs() + SECOND, () => {
          shards.die(0, 'gone');
          shards.die(1, 'gone');
        }),
    });
    assert.equal(end.stop, 'sender_died');
    assert.ok(accountingCloses(end.accounting));
  });

  it('gives up a shard that says nothing any more', async () => {
    const { end } = await playShared(long(), {
      shards: 2,
      meanwhile: (clock, shards) => void clock.at(clock.nowNs() + SECOND, () => shards.muffle(0)),
    });
    assert.equal(end.stop, 'sender_died');
    assert.match(end.senderError?.message ?? '', /nothing was heard/);
    assert.ok(accountingCloses(end.accounting));
  });

  it('stops everyone when one is too far behind', async () => {
    const stuck = ({ session }: TraceRecord): Fate =>
      session === 's3' ? { kind: 'hang' } : { kind: 'at_once', ok: true };
    const { end } = await playShared(long(), {
      shards: 2,
      fateOf: stuck,
      behind: 'abort',
      abortAfterNs: 500 * MS,
      maxInFlight: 4,
      order: 'open',
    });
    assert.equal(end.stop, 'behind');
    assert.ok(accountingCloses(end.accounting));
    assert.ok(end.accounting.unsent > 1000, JSON.stringify(end.accounting));
  });
});

const fateArb: fc.Arbitrary<Fate> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), afterNs: ns(0, 200), ok: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('at_once' as const), ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constantFrom<Fate>({ kind: 'throw' }, { kind: 'hang' }, { kind: 'lost' }) },
);

const runArb = fc.record({
  shards: fc.integer({ min: 1, max: 4 }),
  steps: fc.array(
    fc.record({
      gapNs: fc.oneof(fc.constant(0), ns(0, 40)),
      session: fc.integer({ min: 0, max: 6 }),
      durationNs: fc.option(ns(0, 100), { nil: undefined }),
      fate: fateArb,
    }),
    { maxLength: 80 },
  ),
  readDelayNs: fc.oneof(fc.constant(0), ns(0, 30)),
  interruptNs: fc.option(ns(0, 1500), { nil: undefined }),
  death: fc.option(fc.record({ atNs: ns(0, 1500), shard: fc.integer({ min: 0, max: 3 }) }), {
    nil: undefined,
  }),
  options: fc.record({
    multiplier: fc.constantFrom(0.5, 1, 3),
    loops: fc.constantFrom(1, 1, 2),
    copies: fc.constantFrom(1, 1, 3),
    timing: fc.constantFrom<ReplayOptions['timing']>(
      { kind: 'absolute' },
      { kind: 'asap' },
      { kind: 'rate', perSec: 100 },
    ),
    order: fc.constantFrom('session' as const, 'open' as const),
    behind: fc.constantFrom('catch-up' as const, 'shed' as const, 'abort' as const),
    maxInFlight: fc.integer({ min: 4, max: 16 }),
    shedAfterNs: ns(0, 300),
    abortAfterNs: ns(0, 2000),
    timeoutNs: ns(30, 500),
    gateTimeoutNs: ns(30, 1000),
    interruptDrainNs: ns(0, 300),
    readAheadRecords: fc.integer({ min: 1, max: 30 }),
    maxHeldRecords: fc.integer({ min: 1, max: 30 }),
  }),
});

describe('any replay by any number of shards', () => {
  it('settles every operation once, keeps the order of sessions, and its accounting closes', async () => {
    await fc.assert(
      fc.asyncProperty(runArb, async (run) => {
        const { shards, steps, options, death, interruptNs, readDelayNs } = run;
        const fates = new Map<string, Fate>();
        let startNs = 0;
        const records = steps.map(({ gapNs, session, durationNs, fate }, i) => {
          startNs += gapNs;
          fates.set(`/${i}`, fate);
          return makeRecord(startNs, { session: `s${session}`, durationNs, path: `/${i}` });
        });
        const batches = async function* (clock: VirtualClock) {
          for (let at = 0; at < records.length; at += 9) {
            if (readDelayNs > 0) await new Promise<void>((go) => clock.at(clock.nowNs() + readDelayNs, go));
            yield records.slice(at, at + 9);
          }
        };
        const controller = new AbortController();
        const tally = { timeScale: options.timing.kind === 'absolute' ? options.multiplier : undefined };
        const { end, recorder } = await playShared([], {
          ...options,
          shards,
          batches,
          tally,
          signal: controller.signal,
          fateOf: ({ path }) => fates.get(path) as Fate,
          meanwhile: (clock, inProcess) => {
            const now = clock.nowNs();
            if (interruptNs !== undefined) clock.at(now + interruptNs, () => controller.abort());
            if (death !== undefined && death.shard < shards)
              clock.at(now + death.atNs, () => inProcess.die(death.shard, 'scripted'));
          },
        });
        assert.ok(accountingCloses(end.accounting), JSON.stringify(end.accounting));
        const document = documentOf(recorder, end);
        assert.equal(document.fidelity.accounting.closes, true, JSON.stringify(end.accounting));
        if (options.order === 'session') assert.equal(document.fidelity.inversions, 0);
        if (end.stop === 'end')
          assert.equal(end.accounting.planned, records.length * options.loops * options.copies);
      }),
      { seed: 1, numRuns: runs(150) },
    );
  });
});
