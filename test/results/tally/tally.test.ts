import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Disposition, FailureCode, Operation } from '../../../src/replay/ports.ts';
import { ArrivalCollector } from '../../../src/results/arrivals/arrival-collector.ts';
import { ArrivalMerge } from '../../../src/results/arrivals/arrival-merge.ts';
import { createResultsDocument } from '../../../src/results/create-results-document.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import { type RecorderOptions, ResultsRecorder } from '../../../src/results/tally/results-recorder.ts';
import { Tally } from '../../../src/results/tally/tally.ts';
import { unknownOutcome } from '../../../src/trace/record/record.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { ANCHOR_NS, documentInput, emptyEnd, MS, operationOf, SECOND, type Told } from '../support.ts';

const OPTIONS: RecorderOptions = {
  timeScale: 1,
  cacheResult: ({ record: { op } }) => (op === 'get' ? 'hit' : op === 'put' ? 'miss' : undefined),
  leftOutOf: ({ path }) => ({ redacted: path === '/' ? [] : [`header:${path}`], unsendable: [path] }),
};

/** What one shard has: its tally and its arrivals. */
class Shard {
  readonly arrivals: ArrivalCollector;
  readonly tally: Tally;

  constructor(sortsDues = false) {
    const arrivals = new ArrivalCollector(sortsDues);
    this.arrivals = arrivals;
    this.tally = new Tally({ ...OPTIONS, settledBelow: () => arrivals.next });
  }

  onSent(operation: Operation, inFlight: number): void {
    this.tally.onSent(operation, inFlight);
    this.arrivals.onSent(operation);
  }

  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.tally.onSettled(operation, disposition, inFlight);
    this.arrivals.onSettled(operation, disposition);
  }
}

/** Who hears of operations: everything at once, or a shard. */
type Hearer = Pick<Tally, 'onSent' | 'onSettled'>;

interface Happening {
  atNs: number;
  shard: number;
  tell(hearer: Hearer): void;
}

/** Everything that happens to these operations, each session in one shard, in the order of time. */
function happenings(told: readonly Told[], shards: number): Happening[] {
  const planned = new Array<number>(shards).fill(0);
  const all = told.flatMap((each, number) => {
    const shard = Number(each.record?.session) % shards;
    const { operation, disposition } = operationOf(each, number);
    const sequence = planned[shard] as number;
    planned[shard] = sequence + 1;
    // Its position in the plan of its shard; in the plan of all that is its number.
    const as = (hearer: Hearer, given: Operation): Operation =>
      hearer instanceof Shard ? { ...given, sequence } : given;
    const { sentNs, doneNs = ANCHOR_NS } = operation;
    const settled = {
      atNs: Math.max(doneNs, sentNs ?? 0),
      shard,
      tell: (hearer: Hearer) => hearer.onSettled(as(hearer, operation), disposition, 0),
    };
    if (sentNs === undefined) return [settled];
    const leaving = { ...operation, doneNs: undefined, outcome: undefined };
    return [
      { atNs: sentNs, shard, tell: (hearer: Hearer) => hearer.onSent(as(hearer, leaving), 0) },
      settled,
    ];
  });
  return all.sort((a, b) => a.atNs - b.atNs);
}

const nat = (max: number) => fc.nat(max);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const status = fc.constantFrom(200, 204, 404, 503, undefined);
const failure = fc.constantFrom<FailureCode | undefined>(
  ...([undefined, undefined, 'timeout', 'connection_reset', 'keepalive_closed', 'other'] as const),
);
const times = fc.array(nat(10 * SECOND), { maxLength: 4 }).map((list) => Float64Array.from(list).sort());

const someOutcome = fc.record({
  status,
  ok: fc.boolean(),
  failure,
  detail: fc.constantFrom('', 'full', 'no'),
  responseBytes: nat(1e6),
  isCancelled: fc.constantFrom(undefined, true),
  stream: maybe(fc.record({ timeScale: fc.constant(1), sentNs: times, receivedNs: times, untimed: nat(3) })),
  endless: maybe(
    fc.record({ areEventsKnown: fc.boolean(), eventNs: times, untimed: nat(3), comments: nat(9) }),
  ),
});

const someRecord = fc.record({
  session: nat(9).map(String),
  op: fc.constantFrom('get', 'put', 'recall', 'overall', ''),
  space: nat(4).map((n) => (n === 0 ? '' : `space ${n}`)),
  path: fc.oneof(fc.constant('/'), nat(60).map(String)),
  durationNs: maybe(fc.oneof(nat(MS), nat(2 * SECOND))),
  outcome: status.map((recorded) => ({ ...unknownOutcome(), status: recorded })),
  stream: fc.constantFrom(undefined, undefined, {
    messages: [0, 5, 9].map((offsetNs) => ({
      offsetNs,
      fromServer: offsetNs > 5,
      data: new Uint8Array(0),
      sizeBytes: 0,
      compressed: false,
    })),
    halfCloseNs: undefined,
    cancelNs: undefined,
  }),
});

/** Waits for in flight are left out: who is caught up on is known to a shard alone. */
const someOperation = fc.record({
  gapNs: fc.oneof(nat(2 * MS), nat(300 * MS), nat(3 * SECOND), nat(2000 * SECOND)),
  waitNs: nat(5 * MS),
  readingNs: nat(3 * MS),
  serviceNs: fc.oneof(nat(5 * MS), nat(20 * SECOND)),
  disposition: fc.constantFrom<Disposition>(
    'ok',
    'ok',
    'ok',
    'error',
    'cut_off',
    'shed',
    'gate_timeout',
    'unsent',
  ),
  hasLeft: fc.constantFrom(true, true, true, false),
  record: someRecord,
  outcome: someOutcome,
});

const someRun = fc.array(someOperation, { minLength: 1, maxLength: 40 }).map((list) => {
  let dueNs = 0;
  return list.map(({ gapNs, waitNs, readingNs, serviceNs, hasLeft, disposition, ...plain }): Told => {
    dueNs += gapNs;
    const wasTried = disposition === 'ok' || disposition === 'error' || disposition === 'cut_off';
    const sentNs = wasTried && hasLeft ? dueNs + waitNs + readingNs : undefined;
    const doneNs = wasTried ? dueNs + waitNs + readingNs + serviceNs : undefined;
    const readyNs = dueNs + waitNs;
    return { ...plain, dueNs, readyNs, sentNs, doneNs, waits: { readingNs }, disposition };
  });
});

function documentOf(recorder: ResultsRecorder): ResultsDocument {
  return createResultsDocument({ ...documentInput(), recorder, end: emptyEnd() });
}

/** Without what two ways to add up doubles make equal but for the last places. */
function exactIn(document: ResultsDocument): unknown {
  const { drift, reasons, ...fidelity } = document.fidelity;
  const { slope_us_per_sec: _, ...spans } = drift;
  const others = reasons.filter(({ code }) => code !== 'drift');
  return { ...document, fidelity: { ...fidelity, drift: spans, reasons: others } };
}

describe('Tally', () => {
  it('of several shards, drained at any moment and added in any order, is that of one', () => {
    const dice = fc.infiniteStream(nat(99));
    fc.assert(
      fc.property(
        someRun,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        dice,
        (told, count, isSorted, rolls) => {
          const options = { ...OPTIONS, sortsDues: isSorted };
          const whole = new ResultsRecorder(options);
          const shards = Array.from({ length: count }, () => new Shard(isSorted));
          const merge = new ArrivalMerge(count, isSorted);
          const sum = new ResultsRecorder(options, merge);
          const roll = (): number => rolls.next().value as number;
          const post = (shard: number, nowNs: number): void => {
            const { tally, arrivals } = shards[shard] as Shard;
            sum.add(structuredClone(tally.drain()), shard);
            const batch = nowNs === Infinity ? arrivals.takeLast() : arrivals.take(nowNs);
            merge.add(structuredClone(batch), shard);
          };
          for (const each of [whole, ...shards.map(({ tally }) => tally)]) each.onStart(ANCHOR_NS);
          for (const { atNs, shard, tell } of happenings(told, count)) {
            tell(whole);
            tell(shards[shard] as Shard);
            if (roll() < 20) post(roll() % count, atNs);
          }
          const order = shards.map((_, shard) => shard).sort(() => roll() - 50);
          for (const shard of order) post(shard, Infinity);
          assert.deepEqual(exactIn(documentOf(sum)), exactIn(documentOf(whole)));
          const [got = 0, want = 0] = [sum.drift.slopeUsPerSecond, whole.drift.slopeUsPerSecond];
          assert.ok(Math.abs(got - want) <= 1e-9 * Math.abs(want) + 1e-12, `${got} is not ${want}`);
          assert.deepEqual(sum.live(), whole.live());
          assert.deepEqual(sum.firstInSpace.stalled(0.1), whole.firstInSpace.stalled(0.1));
        },
      ),
      { seed: 1, numRuns: runs(80) },
    );
  });
});
