import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createResultsDocument } from '../../src/results/create-results-document.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { blocksOf, makeOperation } from '../replay-log/support.ts';
import { documentInput, emptyEnd, MS, makeRecord, SECOND, validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { sealedLog, writeLog } from './support.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

/** One session, an operation each ms; of `swaps` pairs the second was sent first. */
async function swapped(count: number, swaps: number, order: 'open' | 'session') {
  const numbers = Array.from({ length: count }, (_, i) => {
    const isSwapped = Math.floor(i / 10) < swaps && i % 10 < 2;
    return isSwapped ? i + 1 - 2 * (i % 10) : i;
  });
  const operations = numbers.map((number, i) => {
    const record = makeRecord({ startNs: number * MS, durationNs: 1000, session: 's' });
    const dueNs = SECOND + number * MS;
    const sentNs = SECOND + 2 * MS + i * MS;
    return makeOperation(number, { record, dueNs, readyNs: dueNs, sentNs, doneNs: sentNs + 1000 });
  });
  const recorder = new ResultsRecorder({ timeScale: 1 });
  for (const operation of operations) {
    recorder.onSent(operation, 1);
    recorder.onSettled(operation, 'ok', 0);
  }
  const accounting = { ...emptyEnd().accounting, planned: count, sent: count, ok: count };
  const end = { ...emptyEnd(), startNs: SECOND, accounting };
  const input = documentInput();
  const options = { rate_multiplier: 1, timing: 'absolute', behind: 'catch-up', order };
  const plan = { ...input.plan, options };
  const document = validated(createResultsDocument({ ...input, plan, recorder, end }));
  const blocks = blocksOf(operations.map((operation) => [operation, 'ok']));
  const { log, section } = await sealedLog(blocks, document, SECOND);
  return { document: { ...document, replay_log: section }, path: await writeLog(folder, log) };
}

function inversionsIn({ fidelity }: ResultsDocument): unknown[] {
  const reason = fidelity.reasons.find(({ code }) => code === 'inversions');
  return [fidelity.inversions, reason?.observed, reason?.limit];
}

describe('verify, of the order inside sessions', () => {
  it('judges it by what was promised, as the document does', async () => {
    const cases = [
      [1000, 1, 'session', [1, 1, 0]],
      [2000, 1, 'open', [1, undefined, undefined]],
      [2000, 3, 'open', [3, 0.0015, 0.001]],
    ] as const;
    for (const [count, swaps, order, expected] of cases) {
      const { document, path } = await swapped(count, swaps, order);
      assert.deepEqual(inversionsIn(document), expected);
      const { checks } = await verifyReplay(path, document);
      assert.deepEqual(
        checks.filter(({ agrees }) => !agrees),
        [],
      );
    }
  });

  it('finds a reason that was taken out or invented, and a count that was changed', async () => {
    for (const [swaps, order] of [
      [3, 'open'],
      [1, 'open'],
      [1, 'session'],
    ] as const) {
      const { document, path } = await swapped(2000, swaps, order);
      const { fidelity } = document;
      const others = fidelity.reasons.filter(({ code }) => code !== 'inversions');
      const invented = { code: 'inversions', message: '', observed: swaps / 2000, limit: 0.001 };
      const isThere = others.length < fidelity.reasons.length;
      const reasons = isThere ? others : [...others, invented];
      for (const forged of [{ reasons }, { inversions: fidelity.inversions - 1 }]) {
        const { agrees } = await verifyReplay(path, { ...document, fidelity: { ...fidelity, ...forged } });
        assert.equal(agrees, false, `${swaps} ${order} ${Object.keys(forged)}`);
      }
    }
  });
});
