import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBacklog } from '../../../src/replay/release/backlog.ts';
import { Flight } from '../../../src/replay/release/flight.ts';
import { makeRecord } from '../../support/make-record.ts';
import { MS } from '../../support/replay-harness.ts';

class SilentFlight extends Flight {
  onSent(): void {}
  onFirstAnswer(): void {}
  onDone(): void {}
}

function dueAt(dueNs: number, number: number): Flight {
  const flight = new SilentFlight();
  flight.plan(makeRecord(dueNs), number, number, number, dueNs, dueNs, 0);
  flight.dueFrom(0);
  return flight;
}

describe('backlog', () => {
  it('paces late operations in whole ns, so that what they waited for is told in whole ns', () => {
    const backlog = createBacklog(2, 10 * MS);
    for (const number of [0, 1, 2]) backlog.push(dueAt(number * 1001, number));
    const nowNs = 500 * MS;
    backlog.release(nowNs, false);
    for (const number of [1, 2]) {
      const atNs = backlog.headAtNs(nowNs);
      assert.equal(atNs, Math.round(atNs), `operation ${number}`);
      assert.ok(atNs > nowNs - 10 * MS);
      backlog.release(nowNs, false);
    }
  });
});
