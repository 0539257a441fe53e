import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareResults } from '../../src/compare/compare-results.ts';
import { comparisonJson, comparisonText } from '../../src/compare/comparison-text.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { holmRejects } from '../../src/statistics/holm.ts';
import fc, { runs } from '../support/fast-check.ts';
import { modelRun } from './model-runs.ts';

const answerOf = (baseline: ResultsDocument, current: ResultsDocument, quantile: number): string =>
  compareResults(baseline, current).changes.find((change) => change.quantile === quantile)?.answer ?? '';

describe('two runs of one plan', () => {
  it('differ by what the server does, and not by chance', () => {
    for (let plan = 1; plan <= runs(3); plan += 1) {
      const baseline = modelRun(plan, 1000 + plan);
      const same = compareResults(baseline, modelRun(plan, 2000 + plan));
      assert.ok(same.changes.length >= 5);
      assert.deepEqual(
        same.changes.filter(({ answer }) => answer !== 'no change shown'),
        [],
      );
      assert.equal(same.isRegression, false);
      assert.equal(answerOf(baseline, modelRun(plan, 3000 + plan, { slower: 1.05 }), 0.5), 'worse');
      assert.equal(answerOf(baseline, modelRun(plan, 4000 + plan, { slower: 1.1 }), 0.99), 'worse');
      assert.equal(answerOf(baseline, modelRun(plan, 5000 + plan, { slower: 0.9 }), 0.5), 'better');
    }
  });

  it('tell the change within its bounds, and the smallest that would have shown', () => {
    const baseline = modelRun(3, 1);
    const { changes, isRegression } = compareResults(baseline, modelRun(3, 2, { slower: 1.2 }));
    const p50 = changes.find(({ op, quantile }) => op === 'overall' && quantile === 0.5);
    assert.ok(p50 !== undefined && isRegression);
    assert.ok(p50.low < 0.2 && p50.high > 0.2 && p50.low > 0.17 && p50.high < 0.23, JSON.stringify(p50));
    assert.ok(p50.smallest > 0.005 && p50.smallest < 0.05, `${p50.smallest}`);
    const tolerated = compareResults(baseline, modelRun(3, 2, { slower: 1.05 }), { tolerance: 0.3 });
    assert.equal(tolerated.isRegression, false);
    assert.equal(tolerated.changes.find(({ quantile }) => quantile === 0.5)?.answer, 'worse');
    const again = modelRun(3, 2, { slower: 1.2 });
    const floored = compareResults(baseline, modelRun(3, 4, { slower: 1.2 }), { again });
    assert.equal(floored.isRegression, false, 'the baseline itself differs as much');
  });

  it('are compared as far as they go', () => {
    const [one, other] = [modelRun(4, 1), modelRun(4, 2)];
    assert.throws(() => compareResults(one, modelRun(5, 1)), /different plans/);
    assert.ok(compareResults(one, modelRun(5, 1), { differentPlans: true }).changes.length > 0);
    const old = {
      ...one,
      windows: one.windows.map((window) => ({ ...window, histogram: null })),
      op_windows: {},
    };
    assert.ok(compareResults(old, other).changes.length > 0);
    assert.match(comparisonText(compareResults(old, other)), /^mind that the runs share less than a minute/m);
    const slow = compareResults(old, modelRun(4, 3, { slower: 1.3 }));
    assert.equal(slow.changes[0]?.answer, 'worse');
    assert.ok((slow.changes[0]?.low ?? 0) < 0.3 && (slow.changes[0]?.high ?? 0) > 0.3);
    const none = { ...one, latency: { overall: { count: 3 } } };
    assert.match(comparisonText(compareResults(none, other)), /NOTHING COMPARED$/);
    const closed = comparisonText(compareResults(one, { ...other, closed_loop: true }));
    assert.match(closed, /^mind that clients waited for their answers: a slower server was asked less/m);
    assert.doesNotMatch(comparisonText(compareResults(one, other)), /mind that/);
    const few = { ...one, latency: { overall: { count: 250 } } };
    const text = comparisonText(compareResults(few, other));
    assert.match(text, /not compared: overall p99: 250 operations, and it needs 299/);
    const doubtful = {
      ...other,
      fidelity: { verdict: 'degraded', reasons: [{ code: 'generator_late_p99' }] },
    };
    assert.match(
      comparisonText(compareResults(one, doubtful)),
      /mind that the current run was degraded \(generator_late_p99\)/,
    );
    for (const wrong of [null, {}, { schema_version: 1 }, { ...one, windows: 'x' }])
      assert.throws(() => compareResults(wrong, one), /results document/);
  });

  it('are never said to be the same', () => {
    const comparison = compareResults(modelRun(6, 1), modelRun(6, 2));
    assert.match(
      comparisonText(comparison),
      /no regression shown; one that moved p50 by [\d.]+ % or p99 by [\d.]+ % would have been/,
    );
    const json = JSON.parse(JSON.stringify(comparisonJson(comparison)));
    assert.equal(json.regression, false);
    assert.ok(json.changes.every(({ smallest_shown }: { smallest_shown: number }) => smallest_shown > 0));
  });
});

describe("Holm's procedure", () => {
  it('rejects what Bonferroni does, and no more than each by itself', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (ps) => {
          const rejects = holmRejects(ps, 0.05);
          for (const [i, p] of ps.entries()) {
            if (p <= 0.05 / ps.length) assert.equal(rejects[i], true);
            if (p > 0.05) assert.equal(rejects[i], false);
          }
        },
      ),
    );
    assert.deepEqual(holmRejects([0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
  });
});
