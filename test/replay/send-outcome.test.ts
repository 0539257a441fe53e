import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SendOutcome } from '../../src/replay/ports.ts';
import { cancelledAsRecorded, failedSend, timedOutSend } from '../../src/replay/send-outcome.ts';

const whole: SendOutcome = { status: 200, ok: true, failure: undefined, detail: '', responseBytes: 10 };
const givenUp: SendOutcome = { ...whole, ok: false, failure: 'cancelled', detail: '3 bytes had come' };

test('an operation that got no answer has neither status nor bytes', () => {
  const expected = { status: undefined, ok: false, failure: 'tls', detail: 'why', responseBytes: 0 };
  assert.deepEqual(failedSend('tls', 'why'), expected);
});

test('what was given up for want of an answer failed by the time, whatever had come of it', () => {
  for (const ok of [true, false]) {
    assert.deepEqual(timedOutSend({ ...givenUp, ok }, 1.5e9), {
      ...givenUp,
      ok: false,
      failure: 'timeout',
      detail: 'no whole answer within 1500 ms: 3 bytes had come',
    });
  }
  assert.equal(timedOutSend({ ...givenUp, detail: '' }, 2e6).detail, 'no whole answer within 2 ms');
  assert.equal(timedOutSend(whole, 1e9), whole, 'an answer that came all the same is one');
});

test('what was given up where the recorded client did is an end of its own, and a refusal stays one', () => {
  const ended = (outcome: SendOutcome, isGrpc: boolean) => {
    const { status, ok, failure, isCancelled } = cancelledAsRecorded(outcome, isGrpc);
    return [status, ok, failure, isCancelled];
  };
  assert.deepEqual(ended({ ...givenUp, status: undefined }, false), [undefined, true, undefined, true]);
  assert.deepEqual(ended({ ...givenUp, status: 399 }, false), [399, true, undefined, true]);
  assert.deepEqual(ended({ ...givenUp, status: 400 }, false), [400, false, undefined, true]);
  assert.deepEqual(ended({ ...givenUp, status: undefined }, true), [1, true, undefined, true]);
  assert.equal(cancelledAsRecorded(whole, false), whole);
});
