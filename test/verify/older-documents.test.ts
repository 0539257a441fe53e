import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS } from '../support/replay-harness.ts';
import { loggedRun, writeLog } from './support.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../fixtures/results/${name}`, import.meta.url));
}

describe('documents and logs of versions before', () => {
  for (const name of [
    'before-status-classes',
    'before-endless-answers',
    'before-answers',
    'before-window-histograms',
  ]) {
    it(`still read and verify, and are held to what they say: ${name}`, async () => {
      const log = fixture(`${name}.rlog`);
      const document = validated(JSON.parse(await readFile(fixture(`${name}.json`), 'utf8')));
      const { checks, logDamage, agrees } = await verifyReplay(log, document);
      assert.deepEqual(logDamage, []);
      assert.deepEqual(
        checks.filter((check) => !check.agrees),
        [],
      );
      assert.equal(agrees, true);
      assert.ok(checks.length > 500);
      const forged: ResultsDocument = {
        ...document,
        summary: { ...document.summary, status_mismatches: 1 },
        fidelity: { ...document.fidelity, verdict: 'invalid' },
        latency: { ...document.latency, p99_ms: 1 } as ResultsDocument['latency'],
        endless_answers: null,
      };
      const found = (await verifyReplay(log, forged)).checks.filter((check) => !check.agrees);
      assert.deepEqual(found.map((check) => check.name).sort(), [
        ...(document.endless_answers === null ? [] : ['endless_answers']),
        'fidelity.verdict',
        'latency.p99_ms',
        'summary.status_mismatches',
      ]);
      const { total } = document.operations;
      const answers = { overall: { same: total, other: 0, unknown: 0 }, ops: {} };
      assert.equal((await verifyReplay(log, { ...document, answers })).agrees, false);
    });
  }

  it('are no excuse for a document of today that lacks a part', async () => {
    const { document, log } = await loggedRun([makeRecord(0), makeRecord(50 * MS)], {}, () => ({
      kind: 'at_once',
      ok: true,
    }));
    const path = await writeLog(folder, log);
    assert.equal((await verifyReplay(path, document)).agrees, true);
    const { status_classes: _, ...withoutClasses } = document;
    const { endless_answers: __, ...withoutEndless } = document;
    const { cancelled: ___, ...operations } = document.operations;
    const { keepalive_closed: ____, ...fidelity } = document.fidelity;
    const { answers: _____, ...withoutAnswers } = document;
    const { op_windows: ______, ...withoutOpWindows } = document;
    const windows = document.windows.map(({ histogram: _, ...window }) => window);
    const lacking = [
      withoutClasses,
      withoutEndless,
      withoutAnswers,
      withoutOpWindows,
      { ...document, windows },
      { ...document, operations },
      { ...document, fidelity },
    ];
    for (const each of lacking) assert.equal((await verifyReplay(path, each)).agrees, false);
  });
});
