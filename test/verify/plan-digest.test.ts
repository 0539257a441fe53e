import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import type { Check } from '../../src/verify/compare.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS, SECOND } from '../support/replay-harness.ts';
import { loggedRun, type Run, traceOf, writeLog } from './support.ts';

const DIGEST = 'trace: plan.trace.digest';
const RECORDS = Array.from({ length: 40 }, (_, i) =>
  makeRecord(i * 10 * MS, {
    session: `s${i % 3}`,
    durationNs: MS,
    method: 'POST',
    path: `/${i}`,
    body: Buffer.from(`body ${i}`),
  }),
);

let folder = '';
before(async () => {
  folder = newFolder();
});

const answered = (): Promise<Run> =>
  loggedRun(RECORDS, {}, () => ({ kind: 'answer', afterNs: MS, ok: true }));

async function checksOf({ document, log }: Run, records?: readonly TraceRecord[]): Promise<Check[]> {
  const path = await writeLog(folder, log);
  return (await verifyReplay(path, document, records && traceOf(records))).checks;
}

const disagreeing = (checks: readonly Check[]): string[] =>
  checks.filter(({ agrees }) => !agrees).map(({ name }) => name);

describe('verify, of the digest of a trace', () => {
  it('agrees with the trace that was replayed, whatever became of its answers', async () => {
    const run = await answered();
    for (const records of [RECORDS, RECORDS.map((record) => ({ ...record, outcome: unknownOutcome() }))]) {
      const checks = await checksOf(run, records);
      assert.deepEqual(disagreeing(checks), []);
      assert.ok(checks.some(({ name }) => name === DIGEST));
    }
  });

  it('finds a request with other bytes, which no time and no name tells of', async () => {
    const run = await answered();
    for (const other of [{ body: Buffer.from('body 17 ') }, { path: '/18' }, { method: 'PUT' }]) {
      const changed = RECORDS.map((record, i) => (i === 17 ? { ...record, ...other } : record));
      assert.deepEqual(disagreeing(await checksOf(run, changed)), [DIGEST], JSON.stringify(other));
    }
  });

  it('finds a digest that was edited, or taken out of the document, with the trace and without', async () => {
    const { document, log } = await answered();
    const { digest: _taken, ...without } = document.plan.trace;
    for (const trace of [{ ...document.plan.trace, digest: '0'.repeat(64) }, without]) {
      const forged = { ...document, plan: { ...document.plan, trace } } as Run['document'];
      for (const records of [RECORDS, undefined]) {
        assert.ok(
          disagreeing(await checksOf({ document: forged, log }, records)).includes('plan.trace.digest'),
        );
      }
    }
  });

  it('is not asked of a plan that was not read to its end', async () => {
    const controller = new AbortController();
    const signal = controller.signal;
    const sent: TraceRecord[] = [];
    const run = await loggedRun(RECORDS, { signal, interruptDrainNs: SECOND }, (record) => {
      if (sent.push(record) === 20) controller.abort();
      return { kind: 'answer', afterNs: MS, ok: true };
    });
    assert.equal(run.document.summary.stop, 'interrupted');
    const asked = (await checksOf(run, RECORDS)).some(({ name }) => name === DIGEST);
    assert.equal(asked, run.document.fidelity.accounting.plan_complete);
  });
});
