import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { ReplayOptions } from '../../src/replay/replay-options.ts';
import type { PlanNearness } from '../../src/results/arrivals/plan-nearness.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS, SECOND } from '../support/replay-harness.ts';
import { loggedRun, traceOf, writeLog } from './support.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

/** Lumps of up to nine operations, each a session of its own but for some that have three. */
const RECORDS = Array.from({ length: 400 }, (_, n) =>
  makeRecord(Math.floor(n / 9) * 110 * MS + (n % 9) * (n % 4) * MS, {
    session: n % 5 === 0 ? `three-${Math.floor(n / 15)}` : `s${n}`,
    path: `/${n}`,
  }),
)
  .sort((a, b) => a.startNs - b.startNs)
  .map((record, n) => ({ ...record, path: `/${n}` }));

describe('how near a heavier plan is to its recording', () => {
  const ways: [string, Partial<ReplayOptions>, (nearness: PlanNearness) => void][] = [
    [
      'time',
      { multiplier: 4 },
      ({ rate_factor: factor, gap_ks: ks, dispersion: d }) => {
        assert.deepEqual([factor, ks], [4, 0]);
        assert.notEqual(d.planned_100ms, d.recorded_100ms);
      },
    ],
    [
      'copies, in two passes',
      { copies: 3, loops: 2, copySpreadNs: 100 * MS, seed: 5 },
      ({ rate_factor: factor, gap_ks: ks }) => {
        assert.equal(factor, 3);
        assert.ok((ks as number) > 0.1, `${ks}`);
      },
    ],
    [
      'arrivals of operations',
      { upscale: 3, order: 'open' },
      ({ rate_factor: factor, gap_ks: ks, dispersion: d }) => {
        assert.equal(factor, 3);
        assert.ok((ks as number) < 0.05, `${ks}`);
        // Three times as many in each lump.
        const ratio = (d.planned_100ms as number) / (d.recorded_100ms as number);
        assert.ok(ratio > 2.5 && ratio < 3.5, `${ratio}`);
      },
    ],
    [
      'arrivals of sessions, slower',
      { upscale: 2.5, multiplier: 0.5 },
      ({ rate_factor: factor }) => assert.equal(factor, 1.25),
    ],
  ];
  for (const [way, options, looks] of ways) {
    it(`is in the results, and recomputed from the log: ${way}`, async () => {
      const { document, log } = await loggedRun(RECORDS, { timeoutNs: SECOND, ...options }, () => ({
        kind: 'answer',
        afterNs: MS,
        ok: true,
      }));
      const nearness = document.plan.nearness as PlanNearness;
      looks(nearness);
      const path = await writeLog(folder, log);
      const found = await verifyReplay(path, document, traceOf(RECORDS));
      const wrong = found.checks.filter(({ agrees }) => !agrees);
      assert.deepEqual([found.logDamage, wrong], [[], []]);
      const forged = structuredClone(document);
      (forged.plan.nearness as PlanNearness).gap_ks = 0.5;
      (forged.plan.nearness as PlanNearness).dispersion.planned_1000ms = 1e6;
      const caught = await verifyReplay(path, forged);
      assert.deepEqual(
        caught.checks.filter(({ agrees }) => !agrees).map(({ name }) => name),
        ['plan.nearness.gap_ks', 'plan.nearness.dispersion.planned_1000ms'],
      );
      if (options.upscale === undefined) return;
      const lies = { upscale: 2 };
      const other = await loggedRun(
        RECORDS,
        options,
        () => ({ kind: 'at_once', ok: true }),
        undefined,
        [],
        0,
        lies,
      );
      const { checks } = await verifyReplay(
        await writeLog(folder, other.log),
        other.document,
        traceOf(RECORDS),
      );
      const late = checks.find(({ name }) => name === 'trace: operations planned for another time');
      assert.ok((late?.inDocument as number) > 100, JSON.stringify(late));
    });
  }

  it('is null for a plan as heavy as its recording', async () => {
    const { document } = await loggedRun(RECORDS.slice(0, 9), {}, () => ({ kind: 'at_once', ok: true }));
    assert.equal(document.plan.nearness, null);
  });
});
