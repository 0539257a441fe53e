import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countRecords, MAX_EXACT_SESSIONS } from '../../src/inspect/count-records.ts';
import { traceSummaryText } from '../../src/inspect/summary-text.ts';
import { summarizeTrace } from '../../src/inspect/trace-summary.ts';
import { createBlockBuilder } from '../../src/trace/block/block-builder.ts';
import { emptyHeader, emptyLoss, type TraceRecord } from '../../src/trace/record/record.ts';
import { computeTotals } from '../../src/trace/stats/totals.ts';
import { EPOCH, makeRecord } from '../sources/make-op-log.ts';

async function summaryOf(
  records: readonly TraceRecord[],
  batchSize = 256,
  countedFrom: 'index' | 'records' = 'records',
) {
  async function* batches() {
    for (let i = 0; i < records.length; i += batchSize) yield records.slice(i, i + batchSize);
  }
  const header = { ...emptyHeader(), epochUnixNs: EPOCH };
  const totals = await countRecords(batches(), EPOCH);
  return summarizeTrace({
    name: 'x',
    format: 'ndjson',
    header,
    totals: countedFrom === 'index' ? { ...totals, sessions: undefined } : totals,
    loss: emptyLoss(),
    countedFrom,
    warnings: [],
  });
}

test('a trace without records has nulls, never NaN or Infinity', async () => {
  const summary = await summaryOf([]);
  assert.equal(summary.records, 0);
  assert.deepEqual(
    [summary.rate_per_s, summary.recorded, summary.inter_arrival_us, summary.burstiness],
    [null, null, null, null],
  );
  assert.doesNotMatch(JSON.stringify(summary), /NaN|Infinity/);
  const one = await summaryOf([makeRecord(5)]);
  assert.equal(one.rate_per_s, null);
  assert.equal(one.ops[0]?.latency_ms?.p99, 1);
});

test('evenly spaced arrivals: no burst; lumps: dispersion as computed by hand', async () => {
  const even = await summaryOf([...Array(2000).keys()].map((n) => makeRecord(n * 10_000_000)));
  assert.ok((even.burstiness?.dispersion_10ms ?? 9) < 0.01);
  assert.equal(even.inter_arrival_us?.cv, 0);
  assert.equal(even.inter_arrival_us?.mean, 10_000);
  assert.ok(Math.abs((even.rate_per_s ?? 0) - 100) < 0.1);

  // Ten at once every 100 ms: of each ten windows of 10 ms one has 10, the others 0.
  const lumps = await summaryOf(
    [...Array(2000).keys()].map((n) => makeRecord(Math.floor(n / 10) * 100_000_000)),
  );
  const windows = 199 * 10 + 1;
  const mean = 2000 / windows;
  const expected = ((200 * 100) / windows - mean * mean) / mean;
  assert.ok(Math.abs((lumps.burstiness?.dispersion_10ms ?? 0) - expected) < 1e-9);
  assert.ok((lumps.burstiness?.dispersion_100ms ?? 9) < 1e-9);
});

test('percentiles are within the error of the buckets, totals exact', async () => {
  const durations = [...Array(5000).keys()].map((n) => ((n * 7919) % 5000) * 20_000 + 1000);
  const records = durations.map((durationNs, n) => {
    const op = n % 4 === 0 ? 'a' : 'b';
    return makeRecord(n * 1000, { durationNs, op, session: `s${n % 100}`, body: new Uint8Array(n % 10) });
  });
  const summary = await summaryOf(records, 100);
  for (const { op, count, request_bytes, latency_ms } of summary.ops) {
    const mine = records.filter((record) => record.op === op);
    const sorted = mine.map((record) => record.durationNs ?? 0).sort((x, y) => x - y);
    assert.equal(count, mine.length);
    assert.equal(
      request_bytes,
      mine.reduce((sum, record) => sum + record.body.length, 0),
    );
    for (const [name, percent] of [
      ['p50', 50],
      ['p90', 90],
      ['p99', 99],
    ] as const) {
      const exact = (sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0) / 1e6;
      assert.ok(Math.abs((latency_ms?.[name] ?? 0) / exact - 1) < 0.016, `${op} ${name}`);
    }
  }
  assert.deepEqual([summary.sessions, summary.sessions_exact], [100, true]);
});

test('what an index knows of many sessions is an estimate, and says so', async () => {
  const records = [...Array(20_000).keys()].map((n) => makeRecord(n, { session: `h${n}` }));
  const summary = await summaryOf(records, 256, 'index');
  assert.equal(summary.sessions_exact, false);
  assert.ok(summary.sessions > 15_000 && summary.sessions < 25_000, String(summary.sessions));
});

test('idle time between blocks counts as a gap; where blocks overlap only the mean is exact, and said to be', async () => {
  const minute = 60_000_000_000;
  const summary = await summaryOf([0, 1e6, minute, minute + 1e6].map((startNs) => makeRecord(startNs)));
  assert.deepEqual(
    [summary.inter_arrival_us?.max, summary.inter_arrival_us?.exact],
    [(minute - 1e6) / 1e3, true],
  );
  assert.match(traceSummaryText(summary), /arrivals +mean 20\.0 s apart, p50 1\.01 ms, p99 60\.0 s/);

  const entries = [];
  const builder = createBlockBuilder(EPOCH);
  for (const starts of [
    [0, 60e6],
    [20e6, 80e6],
  ]) {
    for (const startNs of starts) builder.add(makeRecord(startNs));
    entries.push({ ...builder.close(0), offset: 0, compressedBytes: 1, rawBytes: 1, opCounts: [2] });
  }
  const overlapping = summarizeTrace({
    name: 'x',
    format: 'trace',
    header: { ...emptyHeader(), epochUnixNs: EPOCH },
    totals: computeTotals(entries, ['recall'], EPOCH),
    loss: emptyLoss(),
    countedFrom: 'index',
    warnings: [],
  });
  assert.equal(overlapping.inter_arrival_us?.exact, false);
  assert.ok(Math.abs((overlapping.inter_arrival_us?.mean ?? 0) - 80e3 / 3) < 1e-6);
  assert.match(
    traceSummaryText(overlapping),
    /mean 26\.7 ms apart, p50 ~60\.0 ms, p99 ~60\.0 ms, max ~60\.0 ms, CV ~0\n/,
  );
});

test('an op without a name is told as such', async () => {
  assert.match(traceSummaryText(await summaryOf([makeRecord(1, { op: '' })])), /\n\(none\) +1 /);
});

test('what its client cancelled is counted as such, and not as failed', async () => {
  const { outcome } = makeRecord(0);
  const cancelled = { ...outcome, ok: false, error: 'client_aborted' };
  const stream = { messages: [], halfCloseNs: undefined, cancelNs: 5 };
  const summary = await summaryOf([
    makeRecord(0),
    { ...makeRecord(1), outcome: cancelled },
    { ...makeRecord(2), protocol: 'grpc', stream, outcome: { ...cancelled, status: undefined } },
    { ...makeRecord(3), outcome: { ...cancelled, error: 'upstream_reset' } },
  ]);
  const [op] = summary.ops;
  assert.deepEqual([op?.count, op?.cancelled, op?.failed], [4, 2, 1]);
  assert.match(traceSummaryText(summary), /failed +cancelled/);
});

test('sessions are counted one by one up to a bound, and estimated above it', async () => {
  const sessionsOf = async (count: number) =>
    summaryOf([...Array(count).keys()].map((n) => ({ ...makeRecord(n * 1000), session: `operation ${n}` })));
  const exact = await sessionsOf(3000);
  assert.deepEqual([exact.sessions, exact.sessions_exact], [3000, true]);
  assert.match(traceSummaryText(exact, {}), /sessions +3,?000\n/);
  const many = await sessionsOf(MAX_EXACT_SESSIONS + 1);
  assert.equal(many.sessions_exact, false);
  assert.ok(Math.abs(many.sessions / MAX_EXACT_SESSIONS - 1) < 0.3);
  assert.match(traceSummaryText(many, {}), /sessions +~/);
});
