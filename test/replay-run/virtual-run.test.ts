import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFindDanger } from '../../src/dialects/find-danger.ts';
import { genericDialect } from '../../src/dialects/generic.ts';
import { type ReplayOptions, replayOptions } from '../../src/replay/replay-options.ts';
import { createResultsDocument } from '../../src/results/create-results-document.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { documentInput, validated } from '../results/support.ts';
import fc, { runs } from '../support/fast-check.ts';
import { makeRecord } from '../support/make-record.ts';
import { type Fate, inBatches, MS, play, SECOND } from '../support/replay-harness.ts';

/** A whole replay on the virtual clock, up to the document. */
async function run(
  records: readonly TraceRecord[],
  given: Partial<ReplayOptions>,
  fateOf: (record: TraceRecord) => Fate,
): Promise<ResultsDocument> {
  const options = replayOptions(given);
  const recorder = new ResultsRecorder({ timeScale: options.multiplier });
  const batches = () => inBatches([...records], 7);
  const { end } = await play([...records], { ...given, fateOf, batches, deps: { observer: recorder } });
  return validated(createResultsDocument({ ...documentInput(), recorder, end }));
}

function bursts(count: number): TraceRecord[] {
  return Array.from({ length: count }, (_, i) =>
    makeRecord(Math.floor(i / 10) * 50 * MS + (i % 10) * MS, {
      session: `s${i % 7}`,
      op: i % 3 ? 'recall' : 'remember',
    }),
  );
}

describe('a whole replay on the virtual clock', () => {
  for (const multiplier of [0.5, 1, 2, 10]) {
    it(`is valid at ${multiplier}x: send times are exactly the plan`, async () => {
      const document = await run(bursts(300), { multiplier }, () => ({ kind: 'at_once', ok: true }));
      const { fidelity, operations } = document;
      assert.equal(operations.successful, 300);
      assert.equal(fidelity.verdict, 'valid', JSON.stringify(fidelity.reasons));
      assert.equal(document.send_error_us.max, 0);
      assert.equal(fidelity.interarrival.ks, 0);
      assert.equal(fidelity.inversions, 0);
      const lastS = (29 * 50 + 9) / 1000 / multiplier;
      assert.ok(Math.abs((fidelity.drift.planned_duration_secs as number) - lastS) < 1e-6);
    });
  }

  it('blames back-pressure when the server is too slow for the window', async () => {
    const document = await run(bursts(300), { maxInFlight: 4, order: 'open' }, () => ({
      kind: 'answer',
      afterNs: 200 * MS,
      ok: true,
    }));
    const { attribution, reasons, accounting } = document.fidelity;
    assert.ok(attribution.back_pressure.ops > 250);
    assert.equal(attribution.generator.ops, 0);
    assert.ok(reasons.some(({ code }) => code === 'back_pressure'));
    assert.equal(accounting.closes, true);
    // Response time tells of the queue, service time does not.
    assert.ok(
      (document.latency.overall.p99 as number) > 5 * (document.service_latency.overall.p99 as number),
    );
  });

  it('counts over passes', async () => {
    const document = await run(bursts(50), { loops: 3 }, () => ({ kind: 'at_once', ok: true }));
    assert.equal(document.fidelity.accounting.planned, 150);
    assert.equal(document.fidelity.inversions, 0);
    assert.equal(document.fidelity.engine.passes, 3);
  });

  it('is not thrown off by records that take no part', async () => {
    const records = bursts(300).map((record, i) =>
      i % 4 === 0 ? { ...record, bodyBytesMissing: 1 } : record,
    );
    const document = await run(records, {}, () => ({ kind: 'at_once', ok: true }));
    assert.equal(document.fidelity.excluded.incomplete, 75);
    assert.equal(document.fidelity.accounting.planned, 225);
    assert.equal(document.fidelity.engine.missing_from_plan_statistics, 0);
    assert.equal(document.fidelity.interarrival.ks, 0);
    assert.deepEqual(
      document.fidelity.reasons.map(({ code }) => code),
      ['excluded_incomplete'],
    );
  });

  it('leaves out what would end the target, in every pass, and says what it was', async () => {
    const records = bursts(60).map((record, i) =>
      i % 20 === 3 ? { ...record, method: 'POST', path: i === 3 ? '/quitquitquit' : '/shutdown' } : record,
    );
    const dangerOf = createFindDanger(genericDialect);
    const document = await run(records, { loops: 2, dangerOf }, () => ({ kind: 'at_once', ok: true }));
    const { excluded, dangerous, accounting, engine, reasons } = document.fidelity;
    assert.deepEqual([excluded.dangerous, accounting.planned, accounting.closes], [6, 114, true]);
    assert.deepEqual(
      dangerous.map(({ pattern, count }) => [pattern, count]),
      [
        ['POST **/quitquitquit', 2],
        ['POST /shutdown', 4],
      ],
    );
    assert.equal(engine.missing_from_plan_statistics, 0);
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['excluded_dangerous'],
    );
  });

  it('makes a sound document of anything that can happen', async () => {
    const fate: fc.Arbitrary<Fate> = fc.oneof(
      fc.record({ kind: fc.constant('answer' as const), afterNs: fc.nat(3 * SECOND), ok: fc.boolean() }),
      fc.record({ kind: fc.constant('at_once' as const), ok: fc.boolean() }),
      fc.constant({ kind: 'hang' as const }),
      fc.constant({ kind: 'lost' as const }),
      fc.constant({ kind: 'throw' as const }),
    );
    const each = fc.record({
      gapNs: fc.nat(300 * MS),
      durationNs: fc.option(fc.nat(500 * MS), { nil: undefined }),
      session: fc.constantFrom('a', 'b', 'c'),
      fate,
    });
    const options = fc.record({
      multiplier: fc.constantFrom(0.5, 1, 3),
      order: fc.constantFrom('session' as const, 'open' as const),
      behind: fc.constantFrom('catch-up' as const, 'shed' as const, 'stretch' as const, 'abort' as const),
      maxInFlight: fc.constantFrom(1, 2, 4096),
      timeoutNs: fc.constant(2 * SECOND),
      gateTimeoutNs: fc.constantFrom(SECOND, 10 * SECOND),
      drainNs: fc.constantFrom(undefined, SECOND),
      loops: fc.constantFrom(1, 2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(each, { maxLength: 25 }), options, async (list, given) => {
        const fates = new Map<string, Fate>();
        let startNs = 0;
        const records = list.map(({ gapNs, durationNs, session, fate }, i) => {
          startNs += gapNs;
          fates.set(`/${i}`, fate);
          return makeRecord(startNs, { durationNs, session, path: `/${i}` });
        });
        const document = await run(records, given, ({ path }) => fates.get(path) as Fate);
        const { accounting, inversions } = document.fidelity;
        assert.equal(accounting.closes, true, JSON.stringify(accounting));
        assert.equal(inversions, 0);
        const windowed = document.windows.reduce((sum, { ops }) => sum + ops, 0);
        assert.equal(windowed, accounting.sent);
        const failed = document.errors.reduce((sum, { count }) => sum + count, 0);
        assert.equal(failed, accounting.errors + accounting.cut_off);
      }),
      { seed: 1, numRuns: runs(60) },
    );
  });
});
