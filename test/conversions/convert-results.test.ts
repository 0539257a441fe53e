import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import {
  convertResults,
  RESULTS_FORMATS,
  type ResultsFormat,
} from '../../src/conversions/convert-results.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { documentOf, MS, type Told } from '../results/support.ts';
import { withFolder } from '../support/folders.ts';
import { FIXTURES } from '../trace/support.ts';

const BEFORE = fileURLToPath(new URL('results/before-window-histograms.json', FIXTURES));

/** 1,000 operations in 10 s, of 1 to 10.99 ms; every 50th is refused. */
const told = Array.from({ length: 1000 }, (_, i): Told => {
  const dueNs = i * 10 * MS;
  const times = { dueNs, sentNs: dueNs, doneNs: dueNs + MS + (i % 1000) * 10_000 };
  return i % 50 === 49 ? { ...times, disposition: 'error', outcome: { ok: false, status: 503 } } : times;
});
const run: ResultsDocument = {
  ...documentOf(told),
  checks: [
    { expr: 'latency.overall.p99 <= 5', observed: 10.9, pass: false },
    { expr: 'summary.error_rate <= 0.1', observed: 0.02, pass: true },
  ],
};
const text = (format: ResultsFormat, document: unknown = run): string => convertResults(document, format);
// biome-ignore lint/suspicious/noExplicitAny: the forms of other tools, looked into at many places.
const json = (format: ResultsFormat): any => JSON.parse(text(format));

const near = (value: number, wanted: number, what: string): void =>
  assert.ok(Math.abs(value - wanted) <= wanted * 0.002, `${what}: ${value}, ${wanted} is right`);

/** Counts of an HdrHistogram V2 payload by the format's own description: an implementation apart from the program's. */
function countsOf(base64: string): { count: number; highestNs: number } {
  const outer = Buffer.from(base64, 'base64');
  assert.equal(outer.readInt32BE(0), 0x1c849314);
  assert.equal(outer.readInt32BE(4), outer.length - 8);
  const inner = inflateSync(outer.subarray(8));
  assert.equal(inner.readInt32BE(0), 0x1c849313);
  assert.equal(inner.readInt32BE(4), inner.length - 40);
  const [digits, lowest] = [inner.readInt32BE(12), Number(inner.readBigInt64BE(16))];
  const subBuckets = 2 ** Math.ceil(Math.log2(2 * 10 ** digits));
  const unit = 2 ** Math.floor(Math.log2(lowest));
  let [at, index, count, highestNs] = [40, 0, 0, 0];
  while (at < inner.length) {
    let [value, shift, byte] = [0n, 0n, 0x80];
    while (byte & 0x80 && shift < 56n) {
      byte = inner[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
    }
    const signed = Number((value >> 1n) ^ -(value & 1n));
    if (signed < 0) {
      index -= signed;
      continue;
    }
    const bucket = Math.max(0, Math.floor(index / (subBuckets / 2)) - 1);
    const sub = index - bucket * (subBuckets / 2);
    if (signed > 0) highestNs = (sub + 1) * 2 ** bucket * unit - 1;
    count += signed;
    index++;
  }
  return { count, highestNs };
}

const PYTHON = process.env['PYTHON'] ?? 'python3';

describe('results in the form of another tool', () => {
  it('k6: trends in ms, failures as a rate, thresholds that say ok', () => {
    const { metrics, state, root_group, options } = json('k6');
    assert.deepEqual(Object.keys(root_group), ['name', 'path', 'id', 'groups', 'checks']);
    assert.deepEqual(Object.keys(metrics.http_req_duration.values), options.summaryTrendStats);
    near(metrics.http_req_duration.values.med, 6, 'med');
    near(state.testRunDurationMs, 10_000, 'duration');
    assert.deepEqual(metrics.http_req_failed.values, { rate: 0.02, passes: 20, fails: 980 });
    assert.deepEqual(metrics.http_req_duration.thresholds, { 'latency.overall.p99 <= 5': { ok: false } });
    assert.deepEqual(metrics.http_req_failed.thresholds, { 'summary.error_rate <= 0.1': { ok: true } });
    for (const { type, values } of [metrics.http_reqs, metrics.dropped_iterations, metrics.data_received])
      assert.deepEqual([type, Object.keys(values)], ['counter', ['count', 'rate']]);
  });

  it('vegeta: whole ns, statuses and a share of successes', () => {
    const report = json('vegeta');
    assert.deepEqual(Object.keys(report), [
      ...['latencies', 'bytes_in', 'bytes_out', 'earliest', 'latest', 'end', 'duration', 'wait'],
      ...['requests', 'rate', 'throughput', 'success', 'status_codes', 'errors'],
    ]);
    assert.deepEqual(Object.keys(report.latencies), [
      'total',
      'mean',
      '50th',
      '90th',
      '95th',
      '99th',
      'max',
      'min',
    ]);
    for (const ns of [...Object.values(report.latencies), report.duration]) assert.ok(Number.isInteger(ns));
    near(report.latencies['90th'], 10e6, '90th');
    assert.deepEqual([report.requests, report.success], [1000, 0.98]);
    assert.deepEqual(report.status_codes, { '200': 980, '503': 20 });
    near(Date.parse(report.end) - Date.parse(report.earliest), report.duration / 1e6, 'end');
  });

  it('ghz: ns, but marks of the histogram in s, and bars that hold all', () => {
    const report = json('ghz');
    for (const name of [
      'date',
      'options',
      'count',
      'total',
      'average',
      'fastest',
      'slowest',
      'rps',
      'details',
    ])
      assert.ok(name in report, name);
    assert.equal(report.endReason, 'normal');
    assert.deepEqual(
      report.latencyDistribution.map((each: { percentage: number }) => each.percentage),
      [10, 25, 50, 75, 90, 95, 99],
    );
    near(report.latencyDistribution[2].latency, 6e6, 'p50');
    assert.equal(report.histogram.length, 11);
    const counts = report.histogram.map((bar: { count: number }) => bar.count);
    assert.equal(
      counts.reduce((sum: number, count: number) => sum + count),
      1000,
    );
    near(report.histogram.at(-1).mark, 0.01099, 'last mark');
  });

  it('fortio: seconds, ActualDuration in ns, buckets whose per cent adds up', () => {
    const report = json('fortio');
    for (const name of [
      'RunType',
      'Labels',
      'StartTime',
      'RequestedQPS',
      'NumThreads',
      'Version',
      'RetCodes',
      'URL',
    ])
      assert.ok(name in report, name);
    near(report.ActualDuration, 10e9, 'ActualDuration');
    assert.equal(typeof report.RequestedQPS, 'string');
    const { Count, Data, Percentiles, Avg, Sum } = report.DurationHistogram;
    assert.equal(Count, 1000);
    near(Sum / Count, Avg, 'Avg');
    near(Percentiles.find((each: { Percentile: number }) => each.Percentile === 90).Value, 0.01, 'p90');
    assert.equal(Data.at(-1).Percent, 100);
    for (const { Start, End } of Data) assert.ok(Start <= End);
    assert.deepEqual(report.RetCodes, { '200': 980, '503': 20 });
  });

  it('oha: seconds, metrics in ms, null for what nobody knows', () => {
    const report = json('oha');
    assert.deepEqual(Object.keys(report.summary), [
      ...['successRate', 'total', 'slowest', 'fastest', 'average', 'requestsPerSec'],
      ...['totalData', 'sizePerRequest', 'sizePerSec'],
    ]);
    near(report.metrics.latency_ms.p95, 10.5, 'p95 ms');
    near(report.latencyPercentiles.p95, 0.0105, 'p95');
    const bars = Object.values(report.responseTimeHistogram) as number[];
    assert.equal(
      bars.reduce((sum, count) => sum + count),
      1000,
    );
    near(report.rps.mean, 100, 'rps');
    assert.equal(report.details.DNSLookup.average, null);
    assert.deepEqual(report.statusCodeDistribution, { '200': 980, '503': 20 });
  });

  it('wrk: the lines that scripts look for', () => {
    const lines = text('wrk').split('\n');
    assert.match(lines[0] ?? '', /^Running 10\.\d\ds test @ http/);
    assert.match(lines[3] ?? '', /^ {4}Latency +\d+\.\d\dms +\d+\.\d\dms +10\.99ms +\d+\.\d\d%$/);
    assert.equal(lines[5], '  Latency Distribution');
    assert.ok(lines.some((line) => /^ {5}99%\s+10\.9\dms$/.test(line)));
    assert.ok(lines.includes('  Non-2xx or 3xx responses: 20'));
    assert.match(lines.find((line) => line.startsWith('Requests/sec:')) ?? '', /^Requests\/sec: +\d+\.\d\d$/);
  });

  it('hgrm: percentiles that rise to the count of all', () => {
    const rows = [...text('hgrm').matchAll(/^ *([\d.]+) ([\d.]+) +(\d+)/gm)].map((row) =>
      row.slice(1).map(Number),
    );
    assert.ok(rows.length > 20);
    for (const [i, row] of rows.entries())
      for (const column of [0, 1, 2]) assert.ok((row[column] ?? 0) >= (rows[i - 1]?.[column] ?? 0));
    assert.deepEqual(rows.at(-1)?.slice(1), [1, 1000]);
    near(rows.at(-1)?.[0] ?? 0, 10.99, 'the most');
    assert.match(text('hgrm'), /^#\[Max +=.*Total count +=\s+1000\]$/m);
  });

  it('hlog: every line is read by the description of the format, and holds each operation once', () => {
    const [version, start, base, legend, ...lines] = text('hlog').trimEnd().split('\n').slice(1);
    assert.equal(version, '#[Histogram log format version 1.3]');
    assert.match(start ?? '', /^#\[StartTime: \d+\.\d{3} \(seconds since epoch\), .+\]$/);
    assert.match(base ?? '', /^#\[BaseTime: \d+\.\d{3} \(seconds since epoch\)\]$/);
    assert.equal(legend, '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"');
    const sums = { all: 0, recall: 0 };
    for (const line of lines) {
      const [, tag, , , max, encoded = ''] =
        /^(?:Tag=([^,\s]+),)?(\d+\.\d{3}),(\d+\.\d{3}),(\d+\.\d{3}),(HISTFA[A-Za-z0-9+/]+=*)$/.exec(line) ??
        [];
      const { count, highestNs } = countsOf(encoded);
      sums[tag === undefined ? 'all' : 'recall'] += count;
      assert.ok(Math.abs(Number(max) - highestNs / 1e6) <= 0.02 * Number(max), line);
    }
    assert.deepEqual(sums, { all: 1000, recall: 1000 });
    assert.throws(
      () => text('hlog', JSON.parse(readFileSync(BEFORE, 'utf8'))),
      /windows .* have no histograms/,
    );
  });

  // What is not there proves nothing, and is no test that passed: `pip install hdrhistogram`, as CI does.
  const withHdrh = spawnSync(PYTHON, ['-c', 'import hdrh']).status === 0 ? it : () => {};
  withHdrh('hlog: another implementation of HdrHistogram, of Python, reads the same', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'run.hlog');
      writeFileSync(path, text('hlog'));
      const script = [
        'import sys',
        'from hdrh.log import HistogramLogReader',
        'from hdrh.histogram import HdrHistogram',
        'sum = HdrHistogram(1, 3600000000000, 2)',
        'reader = HistogramLogReader(sys.argv[1], sum)',
        'while True:',
        '    each = reader.get_next_interval_histogram()',
        '    if each is None: break',
        '    if each.get_tag() is None: sum.add(each)',
        'print(sum.get_total_count(), sum.get_value_at_percentile(99))',
      ];
      const { stdout, stderr } = spawnSync(PYTHON, ['-c', script.join('\n'), path], { encoding: 'utf8' });
      const [count = 0, p99 = 0] = stdout.split(' ').map(Number);
      assert.equal(count, 1000, stderr);
      assert.ok(Math.abs(p99 - 10.9e6) <= 0.02 * 10.9e6, stdout);
    });
  });

  it('csv: a line a window, a column for what was watched', () => {
    const [first, ...others] = run.windows;
    const watched = { ...run, windows: [{ ...first, resources: { 'a,b': 3 } }, ...others] };
    const [head = '', line = '', ...lines] = text('csv', watched).trimEnd().split('\r\n');
    assert.match(head, /^start_s,width_s,ops,errors,p50_ms,.*,"a,b"$/);
    assert.match(line, /^0,1,100,2,.*,3$/);
    assert.equal(lines.length, others.length);
    assert.match(lines[0] ?? '', /,$/);
  });

  it('nothing was sent, or an older program wrote it: the forms can be written all the same', () => {
    const outcome = { ok: false, status: undefined, failure: 'timeout' } as const;
    const unanswered: Told[] = [{ dueNs: 0, sentNs: 0, doneNs: undefined, disposition: 'error', outcome }];
    const before = JSON.parse(readFileSync(BEFORE, 'utf8'));
    for (const format of RESULTS_FORMATS) {
      assert.doesNotMatch(text(format, documentOf([])), /NaN|Infinity|undefined/, format);
      assert.doesNotMatch(text(format, documentOf(unanswered)), /NaN|Infinity|undefined/, format);
      if (format !== 'hlog') assert.doesNotMatch(text(format, before), /NaN|Infinity|undefined/, format);
    }
    assert.throws(() => text('k6', { schema_version: 1 }), /results document/);
  });
});
