import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayExitCode } from '../../../src/cli/exit/replay-exit-code.ts';
import { checkLines } from '../../../src/cli/text/checks-text.ts';
import { judgeRun, type RunLimits } from '../../../src/results/verdict/run-limits.ts';
import { documentOf, MS, type Told, validated } from '../support.ts';

/** 100 a second for two seconds, 5 ms each, one in twenty failing. */
const TOLD: Told[] = Array.from({ length: 200 }, (_, i) => ({
  record: { op: 'recall', session: `s${i}` },
  dueNs: i * 10 * MS,
  sentNs: i * 10 * MS,
  doneNs: i * 10 * MS + 5 * MS,
  disposition: i % 20 === 7 ? 'error' : 'ok',
  outcome: i % 20 === 7 ? { status: 503, ok: false, detail: 'overloaded' } : {},
}));

const judged = (limits: RunLimits | undefined) => validated(documentOf(TOLD, { limits }));

test('limits that are held are told as checks and by the older names', () => {
  const { checks, validation } = judged({ p99LatencyMs: 10, throughputPerSec: 95, errorRate: 0.05 });
  assert.deepEqual(
    checks.map(({ expr, pass }) => [expr, pass]),
    [
      ['latency.overall.p99 <= 10', true],
      ['summary.throughput_ops_sec >= 90.25', true],
      ['summary.error_rate <= 0.05', true],
    ],
  );
  assert.equal(checks[2]?.observed, 0.05);
  assert.deepEqual(validation, {
    met_throughput_target: true,
    met_latency_target: true,
    max_error_rate_ok: true,
  });
});

test('limits that are not held fail one by one, and end a run that can be trusted with 99', () => {
  const document = judged({ p99LatencyMs: 4, throughputPerSec: 101, errorRate: 0.01 });
  assert.deepEqual(document.validation, {
    met_throughput_target: false,
    met_latency_target: false,
    max_error_rate_ok: false,
  });
  const trusted = { ...document, fidelity: { ...document.fidelity, verdict: 'valid' as const } };
  assert.equal(replayExitCode(trusted, undefined), 99);
  assert.match(
    checkLines(trusted).join('\n'),
    /^limits:\n {2}NOT HELD {2}latency\.overall\.p99 <= 4 \(5(\.\d+)?\)\n/,
  );
  const invalid = { ...document, fidelity: { ...document.fidelity, verdict: 'invalid' as const } };
  assert.equal(replayExitCode(invalid, undefined), 98);
  assert.match(checkLines(invalid)[0] ?? '', /prove nothing/);
  assert.equal(replayExitCode(trusted, 'SIGINT'), 130);
  assert.equal(replayExitCode({ ...trusted, checks: [] }, undefined), 0);
});

test('what was not asked for is not checked, and what was not measured does not pass', () => {
  assert.deepEqual([judged(undefined).checks, judged(undefined).validation], [[], {}]);
  const nothing = documentOf([], { limits: { p99LatencyMs: 1000, errorRate: 1 } });
  assert.deepEqual(
    nothing.checks.map(({ observed, pass }) => [observed, pass]),
    [
      [null, false],
      [null, false],
    ],
  );
  assert.deepEqual(Object.keys(judged({ errorRate: 1 }).validation), ['max_error_rate_ok']);
});

test('the 95th percentile and the share of hits can be limits too', () => {
  const limits = { p95LatencyMs: 4, p99LatencyMs: 10, hitRate: { wanted: 0.97, tolerance: 0.05 } };
  const { checks, validation } = judgeRun(limits, {
    ...judged(undefined),
    cache: { hits: 90, misses: 10, hit_rate_percent: 90 },
  });
  assert.deepEqual(
    checks.map(({ expr, pass }) => [expr, pass]),
    [
      ['latency.overall.p95 <= 4', false],
      ['latency.overall.p99 <= 10', true],
      ['cache.hit_rate_percent >= 92', false],
      ['cache.hit_rate_percent <= 100', true],
    ],
  );
  assert.deepEqual(validation, { met_latency_target: false });
  // Nothing was looked up: nothing passes.
  assert.deepEqual(
    judged(limits)
      .checks.slice(2)
      .map(({ pass }) => pass),
    [false, false],
  );
});
