import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_WAITS } from '../../src/replay/release/hold-meter.ts';
import { createResultsDocument } from '../../src/results/create-results-document.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import { ANCHOR_NS, documentInput, emptyEnd, MS, makeRecord, outcome, SECOND } from './support.ts';

const HOURS = 8;
const PER_SECOND = 0.5;
const OPS = ['remember', 'recall', 'search', 'complete'];
const MOST_BYTES = 5e6;

/** From 0.1 ms to 3 s, another one for each number: what makes histograms large. */
function answeredAfterNs(number: number): number {
  return 0.1 * MS * 10 ** (((number * 0.618034) % 1) * 4.5);
}

test('the document of eight hours has windows of all of them, and stays below 5 MB', () => {
  const recorder = new ResultsRecorder({ timeScale: 1 });
  const records = OPS.map((op) => makeRecord({ op }));
  const operations = HOURS * 3600 * PER_SECOND;
  for (let number = 0; number < operations; number++) {
    const dueNs = ANCHOR_NS + (number / PER_SECOND) * SECOND;
    const operation = {
      record: records[number % OPS.length] as (typeof records)[0],
      number,
      sequence: number,
      recordNumber: number,
      dueNs,
      readyNs: dueNs,
      ...NO_WAITS,
      releasedNs: dueNs,
      sentNs: dueNs,
      firstAnswerNs: undefined,
      doneNs: undefined,
      outcome: undefined,
    };
    recorder.onSent(operation, 1);
    const doneNs = dueNs + answeredAfterNs(number);
    recorder.onSettled({ ...operation, firstAnswerNs: doneNs, doneNs, outcome: outcome() }, 'ok', 0);
  }
  const document = createResultsDocument({ ...documentInput(), recorder, end: emptyEnd() });
  const { windows } = document;
  assert.equal(
    windows.reduce((sum, { ops }) => sum + ops, 0),
    operations,
  );
  const last = windows.at(-1);
  assert.equal((last?.start_s ?? 0) + (last?.width_s ?? 0), HOURS * 3600);
  const sizeBytes = Buffer.byteLength(JSON.stringify(document, undefined, 2));
  assert.ok(sizeBytes < MOST_BYTES, `${sizeBytes} bytes`);
});
