import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountingCloses } from '../../../src/replay/accounting.ts';
import type { ReplayOptions } from '../../../src/replay/replay-options.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { type Fate, MS, type Played, play, type Settled } from '../../support/replay-harness.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';

interface Step {
  gapNs: number;
  session: number;
  durationNs: number | undefined;
  bodyBytes: number;
  fate: Fate;
}

const fateArb: fc.Arbitrary<Fate> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), afterNs: ns(0, 200), ok: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('at_once' as const), ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Fate>({ kind: 'throw' }) },
  { weight: 1, arbitrary: fc.constant<Fate>({ kind: 'hang' }) },
  { weight: 1, arbitrary: fc.constant<Fate>({ kind: 'lost' }) },
);

const stepArb: fc.Arbitrary<Step> = fc.record({
  gapNs: fc.oneof(fc.constant(0), ns(0, 40)),
  session: fc.integer({ min: 0, max: 4 }),
  durationNs: fc.option(ns(0, 100), { nil: undefined }),
  bodyBytes: fc.integer({ min: 0, max: 100 }),
  fate: fateArb,
});

const runArb = fc.record({
  steps: fc.array(stepArb, { maxLength: 60 }),
  batchSize: fc.integer({ min: 1, max: 20 }),
  readDelayNs: fc.oneof(fc.constant(0), ns(0, 30)),
  breakAfterBatch: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  interruptNs: fc.option(ns(0, 1500), { nil: undefined }),
  options: fc.record({
    multiplier: fc.constantFrom(0.5, 1, 3),
    loops: fc.constantFrom(1, 1, 2, 3),
    timing: fc.constantFrom(
      { kind: 'absolute' as const },
      { kind: 'absolute' as const },
      { kind: 'think' as const },
      { kind: 'think' as const },
      { kind: 'asap' as const },
      { kind: 'rate' as const, perSec: 100 },
    ),
    pace: fc.array(fc.record({ durationNs: ns(1, 100), rate: fc.constantFrom(0.3, 1, 4) }), { maxLength: 3 }),
    copies: fc.constantFrom(1, 1, 2, 3),
    copySpreadNs: fc.oneof(fc.constant(0), ns(0, 50)),
    seed: fc.nat(),
    maxGapNs: fc.option(ns(1, 30), { nil: undefined }),
    order: fc.constantFrom('session' as const, 'session' as const, 'open' as const),
    behind: fc.constantFrom('catch-up' as const, 'shed' as const, 'stretch' as const, 'abort' as const),
    maxInFlight: fc.integer({ min: 1, max: 8 }),
    lateGraceNs: ns(0, 10),
    shedAfterNs: ns(0, 300),
    abortAfterNs: ns(0, 2000),
    timeoutNs: ns(30, 500),
    gateTimeoutNs: ns(30, 1000),
    drainNs: fc.option(ns(0, 300), { nil: undefined }),
    interruptDrainNs: ns(0, 300),
    readAheadRecords: fc.integer({ min: 1, max: 30 }),
    readAheadBytes: fc.integer({ min: 1, max: 2000 }),
    maxHeldRecords: fc.integer({ min: 1, max: 30 }),
    maxHeldBytes: fc.integer({ min: 1, max: 2000 }),
  }),
});

type Run = typeof runArb extends fc.Arbitrary<infer T> ? T : never;

function ns(minMs: number, maxMs: number): fc.Arbitrary<number> {
  return fc.integer({ min: minMs * MS, max: maxMs * MS });
}

/** Fresh records for each pass; copies are fresh anyway. So every one stands for one operation of the plan. */
function traceOf(run: Run, fates: Map<string, Fate>): TraceRecord[] {
  let startNs = 0;
  return run.steps.map((step, at) => {
    startNs += step.gapNs;
    const { durationNs, bodyBytes } = step;
    const record = makeRecord(startNs, {
      session: `s${step.session}`,
      durationNs,
      path: `/${at}`,
      body: new Uint8Array(bodyBytes),
    });
    fates.set(record.path, step.fate);
    return record;
  });
}

/** Combinations that are refused become their nearest kin. */
function optionsOf({ options }: Run): Partial<ReplayOptions> {
  const { timing } = options;
  if (timing.kind === 'think') return { ...options, order: 'session' };
  return timing.kind === 'asap' ? { ...options, pace: [] } : options;
}

async function playRun(run: Run): Promise<Played> {
  const fates = new Map<string, Fate>();
  const controller = new AbortController();
  const batches = async function* (clock: VirtualClock): AsyncGenerator<TraceRecord[]> {
    const trace = traceOf(run, fates);
    for (let at = 0, batch = 0; at < trace.length; at += run.batchSize, batch += 1) {
      if (batch === run.breakAfterBatch) throw new Error('scripted source error');
      if (run.readDelayNs > 0) await new Promise<void>((go) => clock.at(clock.nowNs() + run.readDelayNs, go));
      yield trace.slice(at, at + run.batchSize);
    }
  };
  return await play([], {
    ...optionsOf(run),
    signal: controller.signal,
    batches,
    fateOf: ({ path }) => fates.get(path) ?? { kind: 'throw' },
    meanwhile(clock) {
      if (run.interruptNs !== undefined) clock.at(clock.nowNs() + run.interruptNs, () => controller.abort());
    },
  });
}

function checkAccounting(run: Run, { end, settled, sentNumbers, transport }: Played): void {
  const sums = end.accounting;
  assert.ok(accountingCloses(sums), JSON.stringify(sums));
  assert.equal(settled.length, sums.planned, 'each operation of the plan is settled once');
  assert.equal(new Set(settled.map((one) => one.number)).size, settled.length);
  assert.equal(
    new Set(transport.sends.map((send) => send.record)).size,
    transport.sends.length,
    'sent at most once',
  );
  assert.equal(transport.sends.length, sums.sent);
  assert.equal(new Set(sentNumbers).size, sentNumbers.length);
  if (end.planComplete) {
    assert.equal(sums.planned, run.steps.length * run.options.loops * run.options.copies);
  }
  if (end.stop === 'end') assert.equal(sums.unsent, 0);
  if (run.options.behind !== 'shed') assert.equal(sums.shed, 0);
}

function checkTimes(run: Run, { end, settled }: Played): void {
  for (const one of settled) {
    assert.ok(one.readyNs >= one.dueNs);
    if (run.options.timing.kind === 'think') assert.equal(one.readyNs, one.dueNs, 'no gate but think time');
    checkWaits(one);
    if (one.sentNs !== undefined) assert.ok(one.sentNs >= one.readyNs, 'never early');
    if (one.doneNs !== undefined && one.sentNs !== undefined) assert.ok(one.doneNs >= one.sentNs);
  }
  assert.ok(end.maxInFlight <= run.options.maxInFlight);
  if (run.options.behind !== 'stretch') assert.equal(end.stretchedNs, 0);
}

/** What it waited for is never negative, and no more than the time from being ready to being released. */
function checkWaits(one: Settled): void {
  const { readyNs, releasedNs, sentNs, readingNs, fullNs, pacedNs, stalledNs } = one;
  if (releasedNs === undefined) return;
  const parts = [readingNs, fullNs, pacedNs, stalledNs];
  assert.ok(
    parts.every((ns) => ns >= 0),
    parts.join(),
  );
  const sum = parts.reduce((all, ns) => all + ns, 0);
  assert.ok(releasedNs - readyNs >= sum, `${releasedNs - readyNs} < ${parts.join()}`);
  if (sentNs !== undefined) assert.ok(sentNs >= releasedNs);
}

/** By definition, pair by pair: nothing leaves before its recorded predecessors are settled. */
function checkSessionOrder(run: Run, { settled }: Played): void {
  if (run.options.order === 'open') return;
  const perPass = run.steps.length * run.options.copies;
  const byNumber = [...settled].sort((a, b) => a.number - b.number);
  const settledAt = new Map<Settled, number>(settled.map((one, at) => [one, at]));
  for (const [at, later] of byNumber.entries()) {
    if (later.sentNs === undefined) continue;
    for (const earlier of byNumber.slice(0, at)) {
      if (earlier.record.session !== later.record.session) continue;
      const isSamePass = Math.floor(earlier.number / perPass) === Math.floor(later.number / perPass);
      const endNs = earlier.record.startNs + (earlier.record.durationNs ?? 0);
      if (!isSamePass || endNs > later.record.startNs || earlier.doneNs === undefined) continue;
      assert.ok(later.sentNs >= earlier.doneNs, `${later.number} left before ${earlier.number} was done`);
      assert.ok((settledAt.get(earlier) ?? 0) < (settledAt.get(later) ?? 0));
    }
  }
}

test('replay: whatever happens, the accounting closes, order holds, nothing is sent twice and nothing hangs', async () => {
  await fc.assert(
    fc.asyncProperty(runArb, async (run) => {
      const played = await playRun(run);
      checkAccounting(run, played);
      checkTimes(run, played);
      checkSessionOrder(run, played);
    }),
    { numRuns: runs(1000) },
  );
});
