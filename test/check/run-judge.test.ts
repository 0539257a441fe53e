import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { presetLimits, presetNames } from '../../src/check/presets.ts';
import { createRunJudge } from '../../src/check/run-judge.ts';
import { replayExitCode } from '../../src/cli/exit/replay-exit-code.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { documentOf, MS, validated } from '../results/support.ts';

function runOf(changes: Partial<ResultsDocument['fidelity']> = {}): ResultsDocument {
  const document = documentOf(
    Array.from({ length: 400 }, (_, i) => ({
      dueNs: i * 10 * MS,
      sentNs: i * 10 * MS,
      doneNs: (i * 10 + 1 + (i % 100) / 20) * MS,
    })),
  );
  return { ...document, fidelity: { ...document.fidelity, verdict: 'valid', ...changes } };
}

/** The document with what its run was to hold. */
function judged(failIf: string[], run = runOf(), judgeAnyway = false): ResultsDocument {
  const { judge } = createRunJudge({ limits: [], failIf, judgeAnyway });
  return validated({ ...run, checks: judge(run) });
}

describe('limits that are given with a run', () => {
  it('are in the document with their bounds and status, and decide about the exit code', () => {
    const held = judged(['latency.overall.p95 > 1s']);
    assert.equal(held.checks[0]?.expr, 'latency.overall.p95 <= 1s');
    const { status, pass, low, high, observed } = held.checks[0] ?? {};
    assert.deepEqual([status, pass], ['PASS', true]);
    assert.ok(Number(low) <= Number(observed) && Number(observed) <= Number(high));
    assert.equal(replayExitCode(held, undefined), 0);
    const broken = judged(['latency.overall.p95 > 1s', 'latency.recall.p50 > 1us']);
    assert.deepEqual(
      broken.checks.map((check) => check.status),
      ['PASS', 'FAIL'],
    );
    assert.equal(replayExitCode(broken, undefined), 99);
    const between = judged(['latency.overall.p50 > 3500us']);
    assert.deepEqual([between.checks[0]?.status, between.checks[0]?.pass], ['INVESTIGATE', false]);
    assert.equal(replayExitCode(between, undefined), 0);
    assert.equal(replayExitCode(between, undefined, { strict: true }), 99);
  });

  it('are not judged where the run was not valid, unless that is asked for', () => {
    const invalid = runOf({ verdict: 'invalid' });
    const not = judged(['latency.overall.p95 > 1s'], invalid);
    assert.deepEqual([not.checks[0]?.status, not.checks[0]?.pass], ['not judged', false]);
    assert.equal(replayExitCode(not, undefined), 98);
    const anyway = judged(['latency.overall.p95 > 1s'], invalid, true);
    assert.equal(anyway.checks[0]?.status, 'PASS');
    assert.equal(replayExitCode(anyway, undefined, { judgeAnyway: true }), 0);
    const broken = judged(['latency.overall.p50 > 1us'], invalid, true);
    assert.equal(replayExitCode(broken, undefined, { judgeAnyway: true }), 99);
  });

  it('never pass for an op that did not occur, and the results are there all the same', () => {
    const document = judged(['latency.remember.p95 > 1s']);
    const { status, pass, observed, why } = document.checks[0] ?? {};
    assert.deepEqual([status, pass, observed], ['not judged', false, null]);
    assert.match(why ?? '', /no number named latency\.remember\.p95/);
    assert.equal(
      document.checks[0]?.expr,
      'latency.remember.p95 <= 1s',
      'what has to hold, not what must not be',
    );
    assert.equal(replayExitCode(document, undefined), 99);
    const { judge } = createRunJudge({ limits: [{ holds: 'latency.remember.p95 < 1s', required: false }] });
    const run = runOf();
    assert.equal(replayExitCode({ ...run, checks: judge(run) }, undefined), 0);
  });

  it('are refused before the run where no results could meet them', () => {
    for (const [text, message] of [
      ['latency.overal.p99 > 1ms', /no number named latency\.overal\.p99/],
      ['summary.eror_rate > 1%', /no number named/],
      ['fidelity.accounting.shedd > 0', /no number named/],
      ['prepare.slowst_secs > 1', /no number named/],
      ['engram_queue > 5', /no number named/],
      ['latency.overall.p99 > 10%', /'10%'|10%/],
      ['throughput > 5ms', /5ms/],
      ['latency.overall.p99', /is no limit/],
      ['throughput < 5 in every 60s window', /windows have no throughput/],
      ['error_rate > 1% during queue > 0', /nothing that was watched/],
      ['operations.ops.recall.failed > 3ms', /3ms is not in a unit/],
      ['recorded_latency.recall.p99 > 3%', /3% is not in a unit/],
      ['counted_by_header.values.b > 3 in every 60s window', /windows have no/],
      ['counted_by_header.values.b > 3 during lunch', /no part of a run/],
    ] as const)
      assert.throws(() => createRunJudge({ limits: [], failIf: [text] }), message, text);
  });

  it('may name ops, headers and metrics that only the run will have', () => {
    const possible = [
      'latency.recall.p99 > 1ms',
      'latency.GET /a.b/{id}.p99.9 > 1ms in every 60s window',
      'prepare.slowest_secs > 1',
      'operations.ops.recall.failed > 3',
      'recorded_latency.recall.p99 > 3ms',
      'counted_by_header.values.b > 3',
      'counted_by_header.values.GET /a.b > 3',
      'recorded_latency.recall.count > 3',
      'fidelity.gate_wait_us.recall.p99 > 500',
      'resources.process.rss_bytes.max > 500MiB',
    ];
    createRunJudge({ limits: [], failIf: possible });
    const watched = ['engram_queue.max > 5', 'error_rate > 1% during queue > 0', 'engram.cpu_percent > 80%'];
    createRunJudge({ limits: [], failIf: watched, isWatched: true });
    for (const name of presetNames()) createRunJudge({ limits: presetLimits(name) });
  });
});
