import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkResults } from '../../src/check/check-results.ts';
import { presetLimits } from '../../src/check/presets.ts';
import type { EngramTraceError } from '../../src/error.ts';
import { resourceUnitOf } from '../../src/results/document/resource-metrics.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { documentOf, MS, type Told } from '../results/support.ts';

/** A run of so many seconds, with as many operations in each as `opsIn` says, all answered after `tookMs`. */
function runOf(
  secs: number,
  opsIn: (second: number) => number,
  tookMs: (second: number) => number = () => 2,
): ResultsDocument {
  const told = Array.from({ length: secs }, (_, second) =>
    Array.from({ length: opsIn(second) }, (__, i): Told => {
      const dueNs = second * 1e9 + Math.floor((i * 1e9) / opsIn(second));
      return { dueNs, sentNs: dueNs, doneNs: dueNs + tookMs(second) * MS };
    }),
  ).flat();
  return documentOf(told);
}

/** The same, with what was watched beside it. */
function watching(
  document: ResultsDocument,
  values: Record<string, (second: number) => number>,
): ResultsDocument {
  const windows = document.windows.map((window) => ({
    ...window,
    resources: Object.fromEntries(Object.entries(values).map(([name, of]) => [name, of(window.start_s)])),
  }));
  const names = [...new Set(Object.keys(values).map((name) => name.split('.')[0] ?? ''))];
  const series = Object.entries(values).map(([name, of]) => {
    const all = windows.map(({ start_s }) => of(start_s));
    const [min, max] = [Math.min(...all), Math.max(...all)];
    const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
    const slope = { per_hour: 7200, low_per_hour: 3600, high_per_hour: 10_800, p: 1e-6 };
    const unit = resourceUnitOf(name);
    return [name, { unit, readings: all.length, min, mean, max, last: all.at(-1) ?? 0, slope }] as const;
  });
  return {
    ...document,
    windows,
    resources: {
      interval_s: 1,
      watched: names.map((name) => ({
        ...{ name, kind: name === 'host' ? 'host' : name === 'scrape' ? 'scrape' : 'process', target: name },
        ...{ readings: windows.length, missed: 0, last_error: null, gone_at_s: null, series_left_out: 0 },
      })),
      series: Object.fromEntries(series),
    },
  };
}

function judged(document: ResultsDocument, holds: string, required = true) {
  const { judgements } = checkResults(document, { limits: [{ holds, required }], judgeAnyway: true });
  const [{ status, seen, notPassed } = { status: undefined, seen: undefined, notPassed: 0 }] = judgements;
  return { status: seen?.value === null ? 'not judged' : status, seen, notPassed };
}

const statusOf = (document: ResultsDocument, holds: string) => judged(document, holds).status;

describe('a limit of what was watched', () => {
  const steady = runOf(40, () => 100);
  const document = watching(steady, {
    'process.cpu_percent': (second) => (second === 20 ? 95 : 50),
    'process.rss_bytes': () => 2 ** 20,
    'host.disk_queue': () => 3,
    'scrape.consolidation_running': (second) => (second >= 10 && second < 20 ? 1 : 0),
  });

  it('is about its mean, its extremes or its slope, in its unit', () => {
    assert.equal(statusOf(document, 'process.cpu_percent < 80%'), 'PASS');
    assert.equal(statusOf(document, 'resources.process.cpu_percent.max < 80%'), 'FAIL');
    assert.equal(statusOf(document, 'process.rss_bytes.max < 2MiB'), 'PASS');
    assert.equal(statusOf(document, 'process.rss_bytes.slope_per_hour < 20kB'), 'PASS');
    assert.equal(statusOf(document, 'process.rss_bytes.slope_per_hour < 5kB'), 'INVESTIGATE');
    assert.equal(statusOf(document, 'process.rss_bytes.growth_percent_per_hour < 0.1%'), 'FAIL');
    assert.throws(() => statusOf(document, 'process.rss_bytes.max < 3s'), /not in a unit/);
    assert.throws(
      () => statusOf(document, 'process.rs_bytes.max < 3'),
      (error: EngramTraceError) => /process\.rss_bytes\.max/.test(error.hint ?? ''),
    );
  });

  it('holds in every window', () => {
    const { status, seen } = judged(document, 'process.cpu_percent < 80% in every 1s window');
    assert.deepEqual([status, seen?.where], ['FAIL', '20 s to 21 s']);
    assert.equal(statusOf(document, 'process.cpu_percent < 80% in every 10s window'), 'PASS');
    assert.throws(
      () => statusOf(document, 'process.cpu_percent.max < 80% in every 10s window'),
      /windows have no/,
    );
  });

  it('is never held by what was not watched, or not to its end', () => {
    const { status, seen } = judged(steady, 'host.cpu_percent < 80%');
    assert.deepEqual([status, seen?.why], ['not judged', 'it was not watched (--watch-host)']);
    const inWindows = judged(steady, 'host.cpu_percent < 80% in every 10s window');
    assert.equal(inWindows.seen?.why, 'it was not watched (--watch-host)');
    const gone = structuredClone(document);
    for (const entry of gone.resources?.watched ?? []) entry.gone_at_s = 31;
    assert.equal(statusOf(gone, 'process.cpu_percent.max < 99%'), 'INVESTIGATE');
    assert.equal(statusOf(gone, 'process.cpu_percent.max < 80%'), 'FAIL');
    assert.equal(statusOf(gone, 'process.cpu_percent.max > 10%'), 'INVESTIGATE');
    const failing = structuredClone(document);
    for (const entry of failing.resources?.watched ?? []) entry.missed = 10;
    assert.match(judged(failing, 'host.disk_queue.max < 32').seen?.why ?? '', /10 of 50 readings failed/);
  });

  it('is not shown to hold in a part of the run by fewer than nine windows of ten', () => {
    const without = (missing: (second: number) => boolean): ResultsDocument => ({
      ...document,
      windows: document.windows.map((window) =>
        missing(window.start_s) ? { ...window, resources: {} } : window,
      ),
    });
    const [few, many] = [without((second) => second === 33), without((second) => second % 5 === 3)];
    for (const part of ['in every 10s window', 'during 20s..40s']) {
      assert.equal(statusOf(few, `host.disk_queue < 4 ${part}`), 'PASS');
      const { status, seen } = judged(many, `host.disk_queue < 4 ${part}`);
      assert.equal(status, 'INVESTIGATE', part);
      assert.match(seen?.why ?? '', /host\.disk_queue was not read in (2 of 10|4 of 20) windows/);
      assert.equal(statusOf(many, `host.disk_queue < 2 ${part}`), 'FAIL');
      assert.equal(statusOf(many, `host.disk_queue > 2 ${part}`), 'INVESTIGATE');
    }
    const never = 'latency.overall.p50 < 10ms during consolidation_running > 5';
    assert.equal(
      judged(many, never).seen?.why,
      'scrape.consolidation_running was never so where it was read: in 32 of 40 windows',
    );
  });

  it('takes a process by the name that it was given', () => {
    const named = watching(steady, { 'engram.rss_bytes': () => 5 });
    assert.equal(statusOf(named, 'process.rss_bytes.max < 1MiB'), 'PASS');
    assert.equal(statusOf(named, 'engram.rss_bytes.max < 1MiB'), 'PASS');
    const two = watching(steady, { 'engram.rss_bytes': () => 5, 'other.rss_bytes': () => 5 });
    assert.match(judged(two, 'process.rss_bytes.max < 1MiB').seen?.why ?? '', /name one \(engram, other\)/);
  });
});

describe('a limit in a part of a run', () => {
  it('can be while something is so that was watched', () => {
    const slow = runOf(
      40,
      () => 100,
      (second) => (second >= 10 && second < 20 ? 50 : 2),
    );
    const document = watching(slow, {
      'scrape.consolidation_running': (second) => (second >= 10 && second < 20 ? 1 : 0),
    });
    assert.equal(statusOf(document, 'latency.overall.p50 < 10ms during consolidation_running > 0'), 'FAIL');
    assert.equal(
      statusOf(document, 'latency.overall.p50 < 10ms during scrape.consolidation_running <= 0'),
      'PASS',
    );
    const never = 'latency.overall.p50 < 10ms during consolidation_running > 5';
    assert.equal(statusOf(document, never), 'not judged');
    assert.throws(
      () => statusOf(document, 'latency.overall.p50 < 10ms during running > 0'),
      /nothing that was watched/,
    );
    const unwatched = judged(document, 'latency.overall.p50 < 10ms during running > 0', false);
    assert.deepEqual([unwatched.status, unwatched.seen?.why], ['not judged', 'running was not watched']);
    assert.equal(judged(document, never).seen?.why, 'scrape.consolidation_running was never so');
  });

  it('can be in bursts, or from some time after each until the next', () => {
    const isBurst = (second: number) => second === 10 || second === 11 || second === 30;
    const document = runOf(
      40,
      (second) => (isBurst(second) ? 500 : 100),
      (second) => (isBurst(second) ? 30 : second === 12 ? 20 : 2),
    );
    const during = judged(document, 'latency.overall.p50 < 10ms during burst');
    assert.deepEqual([during.status, during.seen?.where, during.notPassed], ['FAIL', '10 s to 12 s', 2]);
    assert.equal(statusOf(document, 'latency.overall.p50 < 10ms after burst'), 'PASS');
    assert.equal(statusOf(document, 'latency.overall.max < 10ms after burst'), 'FAIL');
    assert.equal(statusOf(document, 'latency.overall.max < 10ms 1s after burst'), 'PASS');
    const { seen } = judged(
      runOf(40, () => 100),
      'error_rate < 1% during burst',
    );
    assert.match(seen?.why ?? '', /no burst was seen/);
    assert.throws(() => statusOf(document, 'error_rate < 1% after lunch'), /no part of a run/);
  });

  it('finds no burst in the chance of a low rate', () => {
    assert.match(
      judged(
        runOf(40, (second) => 3 + (second % 4)),
        'error_rate < 1% during burst',
      ).seen?.why ?? '',
      /no burst/,
    );
  });
});

describe('the presets', () => {
  it('of the capacity guide judge a good run, a leaking server, and one that nobody watched', () => {
    const limits = presetLimits('engram-production');
    const steady = runOf(
      130,
      () => 100,
      () => 2,
    );
    const report = checkResults(steady, { limits, judgeAnyway: true });
    assert.equal(report.status, 'INVESTIGATE', 'nothing was watched');
    const hosts = {
      'host.cpu_percent': () => 50,
      'host.memory_percent': () => 40,
      'host.swapped_pages_per_s': () => 0,
      'host.disk_queue': () => 1,
      'host.disk_latency_ms': () => 0.5,
    };
    const whole = watching(steady, { ...hosts, 'process.rss_bytes': () => 1e9 });
    const { judgements, status } = checkResults(whole, { limits, judgeAnyway: true });
    assert.equal(
      status,
      'PASS',
      JSON.stringify(
        judgements.filter((each) => each.status !== 'PASS'),
        null,
        1,
      ),
    );
    const leaking = watching(steady, { ...hosts, 'process.rss_bytes': () => 1e4 });
    assert.equal(checkResults(leaking, { limits, judgeAnyway: true }).status, 'FAIL');
    const busy = watching(steady, { ...hosts, 'host.cpu_percent': () => 90, 'process.rss_bytes': () => 1e9 });
    assert.equal(checkResults(busy, { limits, judgeAnyway: true }).status, 'FAIL');
  });

  it('see a latency that rises over a long run', () => {
    const drifting = runOf(
      600,
      () => 20,
      (second) => 2 + second / 100,
    );
    assert.equal(statusOf(drifting, 'latency.overall.p50.growth_percent_per_hour < 10%'), 'FAIL');
    const steady = runOf(
      600,
      () => 20,
      (second) => 2 + (second % 3) / 100,
    );
    assert.equal(statusOf(steady, 'latency.overall.p50.growth_percent_per_hour < 10%'), 'PASS');
  });
});
