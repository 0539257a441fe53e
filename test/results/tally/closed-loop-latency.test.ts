import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, SendOutcome } from '../../../src/replay/ports.ts';
import { responseTimeNs } from '../../../src/results/tally/operation-latency.ts';
import { emptyRecord } from '../../../src/trace/record/record.ts';

const OK: SendOutcome = { status: 200, ok: true, failure: undefined, detail: '', responseBytes: 0 };

function operation(sentNs: number | undefined, outcome: SendOutcome): Operation {
  return {
    record: emptyRecord(),
    ...{ number: 0, sequence: 0, recordNumber: 0, dueNs: 100, readyNs: 100, releasedNs: 120 },
    ...{ readingNs: 0, fullNs: 0, pacedNs: 0, stalledNs: 0, firstAnswerNs: undefined, doneNs: 190 },
    ...{ sentNs, outcome },
  };
}

test('in a closed loop a response time counts from the send, in an open one from the due time', () => {
  assert.equal(responseTimeNs(operation(150, OK), 'ok', true), 40);
  assert.equal(responseTimeNs(operation(150, OK), 'ok'), 90);
  const timeout: SendOutcome = { ...OK, status: undefined, ok: false, failure: 'timeout' };
  assert.equal(responseTimeNs(operation(150, timeout), 'error', true), 40);
  // It waited for a connection all the time.
  assert.equal(responseTimeNs(operation(undefined, timeout), 'error', true), 90);
  const refused: SendOutcome = { ...timeout, failure: 'connect_failed' };
  assert.equal(responseTimeNs(operation(150, refused), 'error', true), undefined);
});
