import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReplayEnd } from '../../../src/replay/engine/replay-end.ts';
import { NO_WAITS } from '../../../src/replay/release/hold-meter.ts';
import { createResultsDocument } from '../../../src/results/create-results-document.ts';
import { createClockWatch } from '../../../src/results/health/clock-watch.ts';
import { startHealthProbe, UNKNOWN_HEALTH } from '../../../src/results/health/generator-health.ts';
import {
  parseCgroupCpuStat,
  parsePressure,
  parseProcStat,
  stealBetween,
  throttlingBetween,
} from '../../../src/results/health/machine-counters.ts';
import { InversionCounter } from '../../../src/results/tally/inversions.ts';
import { emptyLoss, unknownOutcome } from '../../../src/trace/record/record.ts';
import fc, { runs } from '../../support/fast-check.ts';
import {
  documentInput,
  documentOf,
  emptyEnd,
  HEALTHY,
  MS,
  makeRecord,
  play,
  SECOND,
  type Told,
  validated,
} from '../support.ts';

/** A run of 1000 operations, 2 ms apart, each sent 0.1 ms late and answered in 1 ms. */
function steady(change: (told: Told, i: number) => Partial<Told> = () => ({})): Told[] {
  return Array.from({ length: 1000 }, (_, i) => {
    const dueNs = i * 2 * MS;
    const told: Told = {
      record: { session: `s${i % 10}`, durationNs: 1 * MS },
      dueNs,
      sentNs: dueNs + 0.1 * MS,
      doneNs: dueNs + 1.1 * MS,
    };
    return { ...told, ...change(told, i) };
  });
}

/** Nobody listens: it is handed over, and no byte of it leaves. */
function refused(): Partial<Told> {
  return {
    sentNs: undefined,
    disposition: 'error',
    outcome: { status: undefined, ok: false, failure: 'connect_failed' },
  };
}

function codes(document: { fidelity: { reasons: { code: string }[] } }): string[] {
  return document.fidelity.reasons.map(({ code }) => code);
}

describe('fidelity verdict', () => {
  it('is degraded where operations are missing from the statistics of the plan', () => {
    const { recorder, end } = play(steady());
    Object.defineProperty(recorder, 'missingFromPlan', { value: 3 });
    const { fidelity } = validated(createResultsDocument({ ...documentInput(), recorder, end }));
    assert.equal(fidelity.verdict, 'degraded');
    assert.deepEqual(
      fidelity.reasons.map(({ code, observed, limit }) => [code, observed, limit]),
      [['plan_statistics', 3, 0]],
    );
    assert.equal(fidelity.engine.missing_from_plan_statistics, 3);
  });

  it('is valid when everything went as planned', () => {
    const { fidelity } = documentOf(steady());
    assert.deepEqual(fidelity.reasons, []);
    assert.equal(fidelity.verdict, 'valid');
    assert.equal(fidelity.accounting.closes, true);
    assert.equal(fidelity.inversions, 0);
    assert.equal(fidelity.interarrival.ks, 0);
    assert.equal(fidelity.drift.difference_ms, 0);
  });

  it('is never valid when event-loop delay or CPU time is not known', () => {
    const parts = ['eventLoopDelay', 'cpu'] as const;
    for (const health of [UNKNOWN_HEALTH, ...parts.map((part) => ({ ...HEALTHY, [part]: undefined }))]) {
      const document = documentOf(steady(), { health });
      assert.equal(document.fidelity.verdict, 'degraded');
      assert.deepEqual(codes(document), ['health_unknown']);
    }
  });

  it('judges what only some systems tell where it is told, and says null where it is not', () => {
    const parts = ['gc', 'stealShare', 'pressureShare', 'throttling', 'clockStepNs'] as const;
    const nothing = Object.fromEntries(parts.map((part) => [part, undefined]));
    const document = documentOf(steady(), { health: { ...HEALTHY, ...nothing } });
    assert.equal(document.fidelity.verdict, 'valid');
    const { generator } = document.fidelity;
    const said = [generator.gc, generator.steal_percent, generator.cpu_pressure_percent];
    assert.deepEqual([...said, generator.cpu_throttled, generator.clock_step_ms], Array(5).fill(null));
  });

  it('names pressure, throttling, steal and a clock that was stepped', () => {
    const throttled = (share: number) => ({ periods: 3, totalNs: share * SECOND, share });
    const cases = [
      [{ pressureShare: 0.6 }, 'degraded', 'cpu_pressure'],
      [{ throttling: throttled(0.02) }, 'degraded', 'cpu_throttled'],
      [{ throttling: throttled(0.3) }, 'invalid', 'cpu_throttled'],
      [{ stealShare: 0.6 }, 'invalid', 'steal'],
      [{ clockStepNs: 150 * MS }, 'degraded', 'clock_stepped'],
    ] as const;
    for (const [part, verdict, code] of cases) {
      const document = documentOf(steady(), { health: { ...HEALTHY, ...part } });
      assert.deepEqual([document.fidelity.verdict, codes(document)], [verdict, [code]]);
    }
  });

  it('is invalid when the generator was late, and says so', () => {
    const document = documentOf(
      steady(({ dueNs }) => ({ sentNs: dueNs + 300 * MS, doneNs: dueNs + 301 * MS })),
    );
    assert.equal(document.fidelity.verdict, 'invalid');
    const reason = document.fidelity.reasons.find(({ code }) => code === 'generator_late_p99');
    assert.equal(reason?.limit, 250);
    assert.equal(reason?.observed, 300);
    assert.equal(document.fidelity.attribution.generator.ops, 1000);
    assert.equal(document.fidelity.attribution.generator.total_ms, 300_000);
  });

  it('judges the order of sessions by what was promised', () => {
    const swapped = (places: number[]): Told[] =>
      steady(({ dueNs }, i) => ({
        record: { session: 's', durationNs: 1000 },
        ...(places.includes(i) ? { sentNs: dueNs + 2.5 * MS, doneNs: dueNs + 3 * MS } : {}),
      }));
    const { plan } = documentInput();
    const cases = [
      ['session', [500], 'invalid', [1, 0]],
      // A thousandth of the thousand operations is not more than a thousandth.
      ['open', [500], 'valid', undefined],
      ['open', [300, 500], 'degraded', [0.002, 0.001]],
    ] as const;
    for (const [order, places, verdict, numbers] of cases) {
      const options = { ...plan.options, order };
      const { fidelity } = documentOf(swapped([...places]), { plan: { ...plan, options } });
      assert.equal(fidelity.inversions, places.length, 'counted, whatever the verdict');
      assert.equal(fidelity.verdict, verdict);
      assert.deepEqual(
        fidelity.reasons.map(({ code, observed, limit }) => [code, observed, limit]),
        numbers === undefined ? [] : [['inversions', ...numbers]],
      );
    }
  });

  it('is degraded when it was a little late', () => {
    const document = documentOf(steady(({ dueNs }, i) => (i % 50 === 0 ? { sentNs: dueNs + 1.9 * MS } : {})));
    assert.equal(document.fidelity.verdict, 'valid', 'within the limits');
    const late = documentOf(
      steady(({ dueNs }, i) => (i % 50 === 0 ? { sentNs: dueNs + 20 * MS, doneNs: dueNs + 21 * MS } : {})),
    );
    assert.equal(late.fidelity.verdict, 'degraded');
    assert.ok(codes(late).includes('generator_late_p99'));
  });

  it('blames back-pressure, not the generator, for what waited on a full window', () => {
    const told = steady(({ dueNs }, i) => {
      if (i < 5) return {};
      // Held by the full window, then by the pace of catching up on it.
      const waits = i < 500 ? { fullNs: SECOND } : { pacedNs: SECOND };
      return { waits, sentNs: dueNs + SECOND, doneNs: dueNs + 2 * SECOND };
    });
    const { attribution, reasons } = documentOf(told).fidelity;
    assert.deepEqual(attribution.back_pressure, { ops: 995, total_ms: 995_000 });
    assert.deepEqual(attribution.generator, { ops: 0, total_ms: 0 });
    assert.ok(reasons.some(({ code }) => code === 'back_pressure'));
    assert.ok(!reasons.some(({ code }) => code.startsWith('generator_late')));
  });

  it('blames the generator for what it adds while the window is full, and for catching up on itself', () => {
    const both = steady(({ dueNs }) => ({
      waits: { fullNs: SECOND, stalledNs: 0.3 * SECOND },
      sentNs: dueNs + 1.3 * SECOND,
      doneNs: dueNs + 2 * SECOND,
    }));
    const document = documentOf(both);
    assert.deepEqual(document.fidelity.attribution.back_pressure, { ops: 1000, total_ms: 1_000_000 });
    assert.deepEqual(document.fidelity.attribution.generator, { ops: 1000, total_ms: 300_000 });
    assert.equal(document.fidelity.verdict, 'invalid');
    assert.equal(document.fidelity.reasons.find(({ code }) => code === 'generator_late_p99')?.observed, 300);
    const own = steady(({ dueNs }, i) => ({
      waits: i === 0 ? { stalledNs: 20 * MS } : { pacedNs: 20 * MS },
      sentNs: dueNs + 20 * MS,
      doneNs: dueNs + 21 * MS,
    }));
    assert.deepEqual(documentOf(own).fidelity.attribution.generator, { ops: 1000, total_ms: 20_000 });
  });

  it('counts the wait for the session apart from lateness', () => {
    const told = steady(({ dueNs }) => ({
      readyNs: dueNs + 50 * MS,
      sentNs: dueNs + 50.1 * MS,
      doneNs: dueNs + 51 * MS,
    }));
    const document = documentOf(told);
    assert.deepEqual(codes(document), ['gate_wait']);
    assert.equal(document.fidelity.attribution.gate.ops, 1000);
    assert.equal(document.fidelity.attribution.generator.ops, 0);
    assert.ok((document.fidelity.lateness_us.overall.p99 as number) < 110);
  });

  it('is invalid when a session was reordered', () => {
    const told = steady();
    const [a, b] = [told[100] as Told, told[110] as Told]; // the same session, one after the other
    [a.sentNs, b.sentNs] = [b.sentNs, a.sentNs];
    [a.doneNs, b.doneNs] = [b.doneNs, a.doneNs];
    const document = documentOf(told);
    assert.equal(document.fidelity.inversions, 1);
    assert.equal(document.fidelity.verdict, 'invalid');
    assert.ok(codes(document).includes('inversions'));
  });

  it('is invalid when the accounting does not close, or disagrees with what was seen', () => {
    const open = play(steady());
    open.end.accounting.planned++;
    const disagreeing = play(steady());
    disagreeing.end.accounting.planned++;
    disagreeing.end.accounting.sent++;
    disagreeing.end.accounting.ok++;
    for (const run of [open, disagreeing]) {
      const document = validated(createResultsDocument({ ...documentInput(), ...run }));
      assert.equal(document.fidelity.verdict, 'invalid');
      assert.equal(document.fidelity.accounting.closes, false);
      assert.ok(codes(document).includes('accounting_open'));
    }
  });

  it('tells lumps from an even stream, though the mean rate is the same', () => {
    const document = documentOf(
      steady(({ dueNs }) => {
        const sentNs = Math.ceil((dueNs + 1) / (200 * MS)) * 200 * MS;
        return { sentNs, doneNs: sentNs + MS };
      }),
    );
    assert.ok((document.fidelity.dispersion.sent_100ms as number) > 10);
    assert.ok(codes(document).includes('dispersion'));
    assert.ok((document.fidelity.interarrival.ks as number) > 0.9);
  });

  it('sees drift', () => {
    const document = documentOf(
      steady(({ dueNs }) => ({ sentNs: dueNs * 1.1 + 0.1 * MS, doneNs: dueNs * 1.1 + 2 * MS })),
    );
    assert.ok(codes(document).includes('drift'));
    assert.ok(Math.abs((document.fidelity.drift.slope_us_per_sec as number) - 1e5) < 1);
  });

  it('says when recorded times are too coarse', () => {
    const input = documentInput();
    input.plan.trace.timestamp_resolution_ns = MS;
    assert.deepEqual(codes(documentOf(steady(), { plan: input.plan })), ['timestamp_resolution']);
  });

  it('does not call anything late where everything is due at once, nor valid', () => {
    const input = documentInput();
    input.plan.options['timing'] = 'asap';
    const told = steady((_, i) => ({ dueNs: 0, sentNs: i * 2 * MS, doneNs: i * 2 * MS + MS }));
    const document = documentOf(told, { plan: input.plan });
    assert.deepEqual(codes(document), ['no_schedule']);
    assert.equal(document.fidelity.verdict, 'degraded');
  });

  it('is never valid without send times: a run that reached nothing says nothing', () => {
    const nothing = documentOf(steady(refused));
    assert.deepEqual([nothing.fidelity.verdict, codes(nothing)], ['invalid', ['never_left']]);
    assert.equal(nothing.fidelity.accounting.never_left, 1000);
    for (const [refusedCount, verdict] of [
      [10, 'valid'],
      [11, 'degraded'],
      [500, 'degraded'],
      [501, 'invalid'],
    ] as const) {
      const every = steady((_, i) => ((i * 7) % 1000 < refusedCount ? refused() : {}));
      const document = documentOf(every);
      assert.equal(document.fidelity.accounting.never_left, refusedCount);
      assert.equal(document.fidelity.verdict, verdict, `${refusedCount} refused`);
      assert.equal(codes(document).includes('never_left'), verdict !== 'valid');
    }
  });

  it('measures drift on what left: a target that dies halfway makes nobody late', () => {
    const { fidelity } = documentOf(steady((_, i) => (i < 600 ? {} : refused())));
    assert.deepEqual(
      fidelity.reasons.map(({ code }) => code),
      ['never_left'],
    );
    assert.equal(fidelity.drift.difference_ms, 0);
    assert.equal(fidelity.drift.planned_duration_secs, (599 * 2) / 1000);
    // Most fail, one gets through now and then: the gaps are those of what left, on both sides.
    const patchy = documentOf(steady((_, i) => (i < 600 || i % 10 === 0 ? {} : refused()))).fidelity;
    assert.deepEqual(
      patchy.reasons.map(({ code }) => code),
      ['never_left'],
    );
    assert.equal(patchy.interarrival.ks, 0);
    assert.equal(patchy.dispersion.planned_100ms, patchy.dispersion.sent_100ms);
  });

  it('is invalid when more than a tenth of the plan was given up, unless somebody stopped it', () => {
    const run = (count: number, disposition: 'shed' | 'gate_timeout' | 'unsent', stop: ReplayEnd['stop']) => {
      const gone = { disposition, sentNs: undefined, doneNs: undefined };
      const { recorder, end } = play(steady((_, i) => (i >= 1000 - count ? gone : {})));
      return documentOf([], { recorder, end: { ...end, stop } });
    };
    for (const disposition of ['shed', 'gate_timeout', 'unsent'] as const) {
      const some = run(100, disposition, 'end');
      assert.deepEqual([some.fidelity.verdict, codes(some)], ['degraded', [disposition]]);
      const many = run(101, disposition, 'end');
      assert.deepEqual([many.fidelity.verdict, codes(many)], ['invalid', ['plan_not_played', disposition]]);
      const stopped = run(600, disposition, 'interrupted');
      assert.equal(stopped.fidelity.verdict, disposition === 'unsent' ? 'degraded' : 'invalid');
    }
  });

  it('is invalid when it fell behind and what it left over is not even counted', () => {
    const { recorder, end } = play(steady());
    const behind = { ...end, stop: 'behind' as const };
    const counted = documentOf([], { recorder, end: behind });
    assert.deepEqual([counted.fidelity.verdict, codes(counted)], ['degraded', ['aborted_behind']]);
    const open = documentOf([], { recorder, end: { ...behind, planComplete: false } });
    assert.deepEqual(
      [open.fidelity.verdict, codes(open)],
      ['invalid', ['aborted_behind', 'plan_not_played']],
    );
  });

  it('is never valid for a trace that was not read whole', () => {
    const { plan } = documentInput();
    const warnings = ['prod.trace.zst has no index', 'prod.trace.zst is cut off'];
    const { fidelity } = documentOf(steady(), { plan: { ...plan, trace: { ...plan.trace, warnings } } });
    assert.equal(fidelity.verdict, 'degraded');
    assert.deepEqual(
      fidelity.reasons.map(({ code, observed, limit }) => [code, observed, limit]),
      [['trace_incomplete', 2, 0]],
    );
  });

  it('does not forget what the capture lost', () => {
    const document = documentOf(steady(), { loss: { ...emptyLoss(), recordsDropped: 7 } });
    assert.deepEqual(codes(document), ['capture_loss']);
    assert.equal(document.capture_loss.records_dropped, 7);
    const unread = { ...emptyLoss(), connectionsUnfollowed: 2, bytesUnfollowed: 99 };
    const unfollowed = documentOf(steady(), { loss: unread });
    assert.deepEqual(
      unfollowed.fidelity.reasons.map(({ code, observed }) => [code, observed]),
      [['capture_loss', 2]],
    );
    assert.deepEqual(
      [unfollowed.capture_loss.connections_unfollowed, unfollowed.capture_loss.bytes_unfollowed],
      [2, 99],
    );
    const sampled = documentOf(steady(), { loss: { ...emptyLoss(), recordsSampledOut: 7 } });
    assert.equal(sampled.fidelity.verdict, 'valid', 'sampling is on purpose');
  });

  it('does not forget when capture was not running', () => {
    const gap = (startNs: number, endNs: number) => ({ startNs, endNs, reason: 'capture was not running' });
    const gaps = [gap(40e9, 70e9), gap(0, 10e9), gap(60e9, 72e9), gap(99e9, 120e9)];
    const document = documentOf(steady(), { gaps, window: { startNs: 0, endNs: 100e9 } });
    const { fidelity, capture_loss: loss } = document;
    assert.equal(fidelity.verdict, 'degraded');
    assert.deepEqual(
      fidelity.reasons.map(({ code, observed, limit }) => [code, observed, limit]),
      [['capture_gaps', 0.43, 0]],
    );
    assert.deepEqual([loss.gaps, loss.gaps_secs, loss.gaps_share], [4, 43, 0.43]);
    // The reason has no more places than the section: 3 of 7 s are no short share.
    const uneven = documentOf(steady(), { gaps: [gap(0, 3e9)], window: { startNs: 0, endNs: 7e9 } });
    assert.equal(uneven.fidelity.reasons[0]?.observed, uneven.capture_loss.gaps_share);
    const bare = documentOf(steady(), { gaps, window: undefined });
    assert.deepEqual([bare.capture_loss.gaps_secs, bare.capture_loss.gaps_share], [63, null]);
    assert.equal(bare.fidelity.reasons[0]?.observed, 63);
  });

  it('names segments of an op log that are missing', () => {
    const document = documentOf(steady(), { loss: { ...emptyLoss(), segmentsIncomplete: 2 } });
    assert.deepEqual(codes(document), ['capture_loss']);
    assert.equal(document.fidelity.reasons[0]?.observed, 2);
    assert.equal(document.capture_loss.segments_incomplete, 2);
  });

  it('names every way in which a plan was not carried out', () => {
    const end = { ...emptyEnd(), stop: 'interrupted' as const, stretchedNs: 5 * MS, underruns: 1 };
    end.heldLimitHits = 2;
    end.excluded = { ...end.excluded, incomplete: 3, no_target: 4, tunnel: 1, upgrade: 2, refused: 5 };
    const told = steady((_, i): Partial<Told> => {
      if (i < 996) return {};
      const disposition = (['shed', 'gate_timeout', 'unsent', 'cut_off'] as const)[i - 996];
      if (disposition === undefined) return {};
      return disposition === 'cut_off'
        ? { disposition }
        : { disposition, sentNs: undefined, doneNs: undefined };
    });
    const run = play(told);
    const whole = { ...end, accounting: run.end.accounting };
    const document = validated(
      createResultsDocument({ ...documentInput(), recorder: run.recorder, end: whole }),
    );
    assert.equal(document.fidelity.accounting.closes, true);
    assert.deepEqual(codes(document), [
      'interrupted',
      'unsent',
      'shed',
      'gate_timeout',
      'cut_off',
      'excluded_incomplete',
      'excluded_unplayable',
      'excluded_no_target',
      'plan_held',
      'read_ahead_dry',
      'stretched',
    ]);
  });

  it('tells what ended a run before what came of it', () => {
    const { recorder, end } = play([]);
    for (const [stop, code] of [
      ['interrupted', 'interrupted'],
      ['source_error', 'source_error'],
      ['behind', 'aborted_behind'],
    ] as const) {
      const ended = createResultsDocument({ ...documentInput(), recorder, end: { ...end, stop } });
      assert.deepEqual(codes(ended).slice(0, 2), [code, 'nothing_sent']);
    }
  });

  it('is invalid where everything failed, unless the recording or its user says that it does', () => {
    const failed = (recorded: number | undefined): Told[] =>
      steady(({ record }) => ({
        record: { ...record, outcome: { ...unknownOutcome(), status: recorded } },
        disposition: 'error',
        outcome: { status: 500, ok: false },
      }));
    const all = documentOf(failed(undefined));
    assert.equal(all.fidelity.verdict, 'invalid');
    assert.deepEqual(codes(all), ['nothing_succeeded']);
    assert.deepEqual(codes(documentOf(failed(503))), []);
    const run = play(failed(undefined));
    const input = documentInput();
    const plan = { ...input.plan, options: { ...input.plan.options, expect_mismatch: 1 } };
    const allowed = createResultsDocument({ ...input, ...run, plan });
    assert.deepEqual(codes(allowed), []);
    const oneWorks = [...steady().slice(0, 1), ...failed(undefined).slice(1)];
    assert.deepEqual(codes(documentOf(oneWorks)), []);
  });

  it('is invalid for a source that broke off, and for nothing sent', () => {
    const run = play(steady());
    const broken = createResultsDocument({
      ...documentInput(),
      ...run,
      end: { ...run.end, stop: 'source_error' },
    });
    assert.equal(validated(broken).fidelity.verdict, 'invalid');
    const empty = documentOf([]);
    assert.equal(empty.fidelity.verdict, 'invalid');
    assert.deepEqual(codes(empty), ['nothing_sent']);
  });
});

describe('InversionCounter', () => {
  interface Sent {
    startNs: number;
    durationNs: number;
    session: string;
  }

  /** Pairs by definition: how many operations were sent after one that had to follow them. */
  function bruteForce(records: readonly Sent[], order: readonly number[]): number {
    return order.filter((a, place) =>
      order.slice(0, place).some((b) => {
        const [first, second] = [records[a] as Sent, records[b] as Sent];
        return (
          b > a && first.session === second.session && first.startNs + first.durationNs <= second.startNs
        );
      }),
    ).length;
  }

  it('counts what the definition counts', () => {
    const sent = fc.record({
      startNs: fc.integer({ min: 0, max: 100 }),
      durationNs: fc.integer({ min: 0, max: 30 }),
      session: fc.constantFrom('a', 'b'),
    });
    const someRuns = fc
      .array(sent, { minLength: 1, maxLength: 25 })
      .chain((records) =>
        fc.tuple(
          fc.constant(records.toSorted((a, b) => a.startNs - b.startNs)),
          fc.shuffledSubarray([...records.keys()], { minLength: records.length }),
        ),
      );
    fc.assert(
      fc.property(someRuns, ([records, order]) => {
        const counter = new InversionCounter(1);
        for (const number of order) {
          const record = makeRecord(records[number]);
          const times = { dueNs: record.startNs, readyNs: record.startNs, sentNs: 0 };
          counter.onSent({
            record,
            number,
            sequence: number,
            recordNumber: number,
            ...times,
            ...NO_WAITS,
            releasedNs: 0,
            firstAnswerNs: undefined,
            doneNs: undefined,
            outcome: undefined,
          });
        }
        assert.equal(counter.count, bruteForce(records, order));
      }),
      { seed: 1, numRuns: runs(300) },
    );
  });

  it('forgets sessions that are done, and only those', () => {
    let settledBelow = 0;
    const counter = new InversionCounter(1, () => settledBelow);
    const send = (number: number, session: string) =>
      counter.onSent({
        record: makeRecord({ startNs: number, session }),
        ...NO_WAITS,
        releasedNs: number,
        number,
        sequence: number,
        recordNumber: number,
        dueNs: number,
        readyNs: number,
        sentNs: number,
        firstAnswerNs: undefined,
        doneNs: undefined,
        outcome: undefined,
      });
    send(1, 'held');
    for (let i = 2; i < 5000; i++) send(i, `s${i}`);
    send(0, 'held');
    assert.equal(counter.count, 1);
    settledBelow = 4000;
    for (let i = 5000; i < 10_000; i++) send(i, `s${i}`);
    // What comes after all to a session that is forgotten is its first again.
    send(3, 's3999');
    send(4, 's4500');
    assert.equal(counter.count, 2);
  });
});

/** Turns of the event loop, each some time after the one before: one long pause may be a single turn. */
async function ticks(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setTimeout(resolve, 25));
}

describe('generator health', () => {
  it('reads steal from /proc/stat', () => {
    const before = parseProcStat('cpu  10 0 10 70 0 0 0 10 5 5\ncpu0 1 2 3\n');
    const after = parseProcStat('cpu  20 0 20 130 0 0 0 30 9 9\n');
    assert.deepEqual(before, { total: 100, steal: 10 });
    assert.equal(stealBetween(before, after), 0.2);
    assert.equal(stealBetween(before, before), undefined);
    assert.equal(stealBetween(undefined, after), undefined);
    assert.equal(stealBetween(before, undefined), undefined);
    for (const text of [undefined, '', 'nonsense', 'cpu  1 2 3', 'cpu  a b c d e f g h']) {
      assert.equal(parseProcStat(text), undefined);
    }
  });

  it('reads pressure and throttling of both kinds of cgroup', () => {
    assert.equal(
      parsePressure('some avg10=70.97 avg60=39.70 avg300=29.50 total=476429817\nfull avg10=0 total=9'),
      476429817,
    );
    const two = parseCgroupCpuStat('usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 2000\n');
    const one = parseCgroupCpuStat('nr_periods 9\nnr_throttled 5\nthrottled_time 7000000\n');
    assert.deepEqual(
      [two, one],
      [
        { periods: 3, totalNs: 2e6 },
        { periods: 5, totalNs: 7e6 },
      ],
    );
    assert.deepEqual(throttlingBetween(two, one), { periods: 2, totalNs: 5e6 });
    assert.equal(throttlingBetween(undefined, one), undefined);
    for (const text of [undefined, '', 'nonsense', 'usage_usec 5']) {
      assert.deepEqual([parsePressure(text), parseCgroupCpuStat(text)], [undefined, undefined]);
    }
  });

  it('sees the wall clock jump, and neither time going by nor a slew', () => {
    let [wallMs, monotonicNs] = [1e12, 5e9];
    const watch = createClockWatch({ wallMs: () => wallMs, monotonicNs: () => monotonicNs });
    watch.look();
    assert.equal(watch.largestStepNs, undefined);
    for (let second = 0; second < 1000; second += 1) {
      monotonicNs += SECOND;
      wallMs += 1000.5; // NTP at its fastest
      watch.look();
    }
    assert.ok((watch.largestStepNs ?? Infinity) < MS);
    wallMs -= 3000;
    watch.look();
    wallMs += 500;
    watch.look();
    assert.ok(Math.abs((watch.largestStepNs ?? 0) - 3 * SECOND) < MS, 'the largest, whichever its direction');
  });

  it('believes no reading of the clocks that was interrupted', () => {
    let monotonicNs = 0;
    let wallMs = 0;
    let stallsLeft = 0;
    const watch = createClockWatch({
      wallMs: () => {
        if (stallsLeft-- > 0) monotonicNs += SECOND;
        return wallMs;
      },
      monotonicNs: () => monotonicNs,
    });
    watch.look();
    stallsLeft = 2;
    wallMs += 2000;
    watch.look();
    assert.equal(watch.largestStepNs, 0, 'the third reading was whole');
    stallsLeft = 99;
    watch.look();
    assert.equal(watch.largestStepNs, 0);
  });

  it('measures this process', async () => {
    const cpuTimes = [5, 10];
    const probe = startHealthProbe({
      cpuUsage: () => ({ user: cpuTimes.shift() ?? 0, system: 1 }),
      procStat: () => undefined,
    });
    await ticks(); // two make an interval
    const untilMs = performance.now() + 60;
    while (performance.now() < untilMs); // a stall the probe must see
    await ticks();
    const health = probe.stop();
    assert.ok((health.eventLoopDelay?.maxNs ?? 0) > 20 * MS);
    assert.deepEqual(health.cpu, { userNs: 5000, systemNs: 0 });
    assert.equal(health.stealShare, undefined);
    assert.ok(health.gc !== undefined);
  });
});
