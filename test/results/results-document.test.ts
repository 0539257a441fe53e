import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_WAITS } from '../../src/replay/release/hold-meter.ts';
import { createResultsDocument } from '../../src/results/create-results-document.ts';
import type { Percentiles } from '../../src/results/document/latency-section.ts';
import { decodeHistogram } from '../../src/results/histogram/hdr-library.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import fc, { runs } from '../support/fast-check.ts';
import {
  documentInput,
  documentOf,
  emptyEnd,
  MS,
  makeRecord,
  outcome,
  SECOND,
  type Told,
  validated,
} from './support.ts';

function run(): Told[] {
  return Array.from({ length: 200 }, (_, i) => {
    const dueNs = i * 10 * MS;
    const slow = i === 150;
    const failing = i % 20 === 7;
    return {
      record: { op: i % 2 === 0 ? 'recall' : 'remember', durationNs: 2 * MS, session: `s${i}` },
      dueNs,
      sentNs: dueNs + (slow ? 0.5 * SECOND : 0.2 * MS),
      doneNs: dueNs + (slow ? 0.6 * SECOND : 5.2 * MS),
      disposition: failing ? 'error' : 'ok',
      outcome: failing ? { status: 503, ok: false, detail: 'overloaded' } : {},
    };
  });
}

describe('results document', () => {
  const document = documentOf(run());

  it('has the paths that scripts read', () => {
    assert.ok(Math.abs((document.latency.overall.p99 as number) - 5.2) < 0.01);
    assert.equal(document.latency.overall.max, 600);
    assert.equal(document.summary.error_rate, 0.05);
    const { ops, ...total } = document.operations;
    assert.deepEqual(total, { total: 200, successful: 190, failed: 10, cancelled: 0 });
    assert.equal(ops['recall']?.total, 100);
    assert.deepEqual(document.cache, { hits: null, misses: null, hit_rate_percent: null });
    assert.equal(document.latency.p99_ms, document.latency.overall.p99);
    assert.equal(document.latency.avg_ms, document.latency.overall.mean);
    assert.equal(document.summary.throughput_ops_sec, document.throughput_ops_per_sec);
    assert.equal((document.latency['recall'] as Percentiles).count, 100);
    assert.ok('p99.99' in document.latency.overall);
  });

  it('counts response from the due time and service from the send', () => {
    assert.equal(document.service_latency.overall.max, 100);
    assert.equal(document.send_error_us.max, 500_000);
    assert.equal(document.recorded_latency.overall.mean, 2);
  });

  it('groups errors with the first record and the command that prints it', () => {
    assert.deepEqual(document.errors, [
      {
        code: 'http_503',
        op: 'remember',
        count: 10,
        as_recorded: 0,
        first_record: { number: 7, command: 'engram-trace inspect prod.trace.zst --record 7' },
        example: 'overloaded',
      },
    ]);
  });

  it('has windows that add up', () => {
    assert.equal(document.windows.length, 2);
    assert.equal(
      document.windows.reduce((sum, { ops }) => sum + ops, 0),
      200,
    );
    assert.equal(document.windows[1]?.max, 600);
  });

  it('carries histograms that give the same percentiles', () => {
    const read = decodeHistogram(document.histograms.response['overall'] as string);
    assert.equal(read.count, 200);
    const p99 = document.latency.overall.p99 as number;
    assert.ok(Math.abs(read.percentileNs(99) / MS - p99) < 0.01);
    assert.deepEqual(Object.keys(document.histograms.response).sort(), ['overall', 'recall', 'remember']);
  });

  it('of an empty run holds nulls and no numbers out of nothing', () => {
    const empty = documentOf([]);
    assert.equal(empty.latency.overall.p99, null);
    assert.equal(empty.latency.overall.count, 0);
    assert.equal(empty.summary.error_rate, null);
    assert.equal(empty.summary.throughput_ops_sec, null);
    assert.deepEqual(empty.windows, []);
  });

  it('leaves refused connections out of the latencies and counts them', () => {
    const refused: Partial<Told> = {
      sentNs: undefined,
      disposition: 'error',
      outcome: { status: undefined, ok: false, failure: 'connect_failed', detail: 'refused' },
    };
    const told = run().map((each, i) => (i < 50 ? { ...each, ...refused } : each));
    const half = documentOf(told);
    assert.equal(half.latency.overall.count, 150);
    assert.equal(half.summary.without_answer, 50);
    assert.equal(half.operations.total, 200);
    assert.equal(half.errors[0]?.code, 'connect_failed');
    assert.equal(half.fidelity.accounting.closes, true);
  });

  it('counts a timeout with the time it was waited for', () => {
    const told = run().map((each, i): Told => {
      if (i !== 10) return each;
      const timeout = { status: undefined, ok: false, failure: 'timeout' as const };
      return { ...each, doneNs: 30 * SECOND, disposition: 'error', outcome: timeout };
    });
    assert.equal(documentOf(told).latency.overall.max, 29_900);
  });

  it('counts a wait that no byte of an operation outlived, and no service time for it', () => {
    const told = run().map((each, i): Told => {
      if (i !== 10) return each;
      const timeout = { status: undefined, ok: false, failure: 'timeout' as const };
      return { ...each, sentNs: undefined, doneNs: 30 * SECOND, disposition: 'error', outcome: timeout };
    });
    const document = documentOf(told);
    assert.equal(document.latency.overall.max, 29_900);
    assert.equal(document.latency.overall.count, 200);
    assert.equal(document.service_latency.overall.count, 199);
  });

  it('keeps operations with odd names out of the reserved keys', () => {
    const odd = ['overall', 'p99_ms', '', '__proto__', 'constructor', 'toString'];
    const told = odd.map(
      (op, i): Told => ({ record: { op }, dueNs: i * MS, sentNs: i * MS, doneNs: i * MS + 5 }),
    );
    const { latency, histograms } = documentOf(told);
    assert.equal(latency.overall.count, 6);
    for (const key of ['op:overall', 'op:p99_ms', '(none)', '__proto__', 'constructor', 'toString']) {
      assert.ok(Object.hasOwn(latency, key), key);
      assert.equal((latency[key] as Percentiles).count, 1);
      assert.ok(Object.hasOwn(histograms.response, key), key);
    }
  });

  it('bounds the number of operation names', () => {
    const told = Array.from(
      { length: 500 },
      (_, i): Told => ({ record: { op: `op${i}` }, dueNs: i * MS, sentNs: i * MS, doneNs: i * MS + 5 }),
    );
    const { latency } = documentOf(told);
    assert.equal((latency['(other)'] as Percentiles).count, 436);
  });

  it('counts hits and misses where the dialect knows a cache', () => {
    const recorder = new ResultsRecorder({
      timeScale: 1,
      cacheResult: ({ outcome }) => (outcome?.status === 200 ? 'hit' : 'miss'),
    });
    const end = emptyEnd();
    for (const status of [200, 200, 200, 404]) {
      recorder.onSettled(
        {
          record: makeRecord(),
          ...NO_WAITS,
          releasedNs: undefined,
          number: 0,
          sequence: end.accounting.planned++,
          recordNumber: 0,
          dueNs: 0,
          readyNs: 0,
          sentNs: undefined,
          firstAnswerNs: undefined,
          doneNs: 1,
          outcome: { status, ok: status < 400, failure: undefined, detail: '', responseBytes: 0 },
        },
        status < 400 ? 'ok' : 'error',
        0,
      );
    }
    Object.assign(end.accounting, { sent: 4, ok: 3, errors: 1 });
    const { cache } = validated(createResultsDocument({ ...documentInput(), recorder, end }));
    assert.deepEqual(cache, { hits: 3, misses: 1, hit_rate_percent: 75 });
  });

  it('is valid by the schema for any run', () => {
    const told = fc.array(
      fc.record({
        record: fc.record({
          op: fc.string(),
          session: fc.constantFrom('a', 'b'),
          durationNs: fc.option(fc.integer({ min: -5, max: 2 ** 52 }), { nil: undefined }),
          startNs: fc.nat(),
        }),
        dueNs: fc.nat(),
        sentNs: fc.option(fc.nat(), { nil: undefined }),
        doneNs: fc.nat(),
        disposition: fc.constantFrom('ok', 'error', 'cut_off', 'shed', 'gate_timeout', 'unsent'),
        outcome: fc.record({
          status: fc.option(fc.nat(600), { nil: undefined }),
          detail: fc.string(),
          failure: fc.constantFrom(undefined, 'timeout', 'other'),
        }),
      }),
      { maxLength: 15 },
    );
    fc.assert(
      fc.property(told, (list) => {
        const sane = list.map((each): Told => {
          const unsent = ['shed', 'gate_timeout', 'unsent'].includes(each.disposition);
          const doneNs = Math.max(each.doneNs, each.sentNs ?? 0);
          return { ...each, doneNs, sentNs: unsent ? undefined : each.sentNs } as Told;
        });
        documentOf(sane);
      }),
      { seed: 1, numRuns: runs(60) },
    );
  });

  it('refuses what the schema does not know', () => {
    assert.throws(() => validated({ ...document, surprise: 1 }));
    assert.throws(() => validated({ ...document, summary: { ...document.summary, error_rate: 2 } }));
  });
});

describe('what was cancelled as recorded', () => {
  const cancelled = { isCancelled: true, responseBytes: 5 };
  const answer = (i: number): Told => ({
    record: { durationNs: 3 * MS },
    dueNs: i * MS,
    sentNs: i * MS,
    doneNs: (i + 2) * MS,
    disposition: 'ok',
  });
  const hungUp: Told = {
    record: { durationNs: 9 * SECOND },
    dueNs: 0,
    sentNs: 0,
    doneNs: 9 * SECOND,
    disposition: 'ok',
    outcome: cancelled,
  };
  const refused: Told = {
    ...hungUp,
    disposition: 'error',
    outcome: { ...cancelled, ok: false, status: 503 },
  };
  const document = documentOf([...[0, 1, 2].map(answer), hungUp, refused]);

  it('is counted and sets no latency, in total, of its op or of its second', () => {
    const { ops, ...total } = document.operations;
    assert.deepEqual(total, { total: 5, successful: 4, failed: 1, cancelled: 2 });
    assert.deepEqual(ops, { recall: total });
    assert.equal(document.summary.without_answer, 0);
    const { latency, service_latency: service, recorded_latency: recorded, windows } = document;
    for (const { overall, recall } of [latency, service]) {
      assert.deepEqual([overall.count, overall.max], [3, 2]);
      assert.deepEqual(recall, overall);
    }
    assert.deepEqual([recorded.overall.count, recorded.overall.max], [3, 3]);
    assert.deepEqual([windows[0]?.ops, windows[0]?.max], [5, 2]);
  });

  it('has the time of its first answer, if that had come', () => {
    const recorder = new ResultsRecorder({ timeScale: 1 });
    const planned = { record: makeRecord(), number: 0, sequence: 0, recordNumber: 0, dueNs: 0, readyNs: 0 };
    const operation = { ...NO_WAITS, ...planned, releasedNs: 0 };
    const ended = outcome(cancelled);
    for (const firstAnswerNs of [4 * MS, undefined]) {
      const told = { ...operation, sentNs: 0, firstAnswerNs, doneNs: SECOND, outcome: ended };
      recorder.onSent(told, 1);
      recorder.onSettled(told, 'ok', 0);
    }
    assert.equal(recorder.overall.firstAnswer.count, 1);
    assert.equal(recorder.overall.firstAnswer.maxNs, 4 * MS);
  });
});
