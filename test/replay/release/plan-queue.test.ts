import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Flight } from '../../../src/replay/release/flight.ts';
import { PlanQueue } from '../../../src/replay/release/plan-queue.ts';
import { BlockLease } from '../../../src/trace/block/block-lease.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';

class SilentFlight extends Flight {
  onSent(): void {}
  onFirstAnswer(): void {}
  onDone(): void {}
}

function figuresOf(flight: Flight | undefined): (number | string)[] | undefined {
  if (flight === undefined) return undefined;
  const { record, number, sequence, recordNumber, offsetNs, timelineNs, timelineEndNs, readNs } = flight;
  return [record.path, number, sequence, recordNumber, offsetNs, timelineNs, timelineEndNs, readNs];
}

describe('the queue of what was read ahead', () => {
  it('gives back every operation as it was put in, in order, whatever it has room for at the time', () => {
    // Runs of what is put in and taken out, so that it grows with its first operation anywhere in it.
    const steps = fc.array(fc.tuple(fc.nat(900), fc.nat(900)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(steps, (all) => {
        const queue = new PlanQueue(Infinity, Infinity, () => new SilentFlight());
        const expected: (number | string)[][] = [];
        const leases: BlockLease[] = [];
        let made = 0;
        for (const [puts, takes] of all) {
          for (let i = 0; i < puts; i += 1) {
            const at = made++;
            const record = { ...makeRecord(at), path: `/${at}`, durationNs: 7 };
            const times = { dueNs: at * 1.5, offsetNs: 0, timelineNs: 2 ** 33 + at };
            const lease = new BlockLease(1, () => {});
            queue.plan(record, at + 2, at, at + 1, times, at === 0 ? -Infinity : at, lease);
            leases.push(lease);
            const { dueNs, timelineNs } = times;
            const readNs = at === 0 ? -Infinity : at;
            expected.push([record.path, at + 2, at, at + 1, dueNs, timelineNs, timelineNs + 7, readNs]);
          }
          for (let i = 0; i < takes; i += 1) {
            assert.equal(queue.nextNs, expected[0]?.[4] ?? Infinity);
            assert.equal(queue.afterNextNs, expected[1]?.[4] ?? Infinity);
            const flight = queue.shift();
            assert.deepEqual(figuresOf(flight), expected.shift());
            assert.equal(flight?.lease, leases.shift());
          }
          assert.equal(queue.size, expected.length);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is full by records or by bytes, and wakes its reader when half of both is free', async () => {
    const queue = new PlanQueue(4, 100, () => new SilentFlight());
    const put = (bodyBytes: number): void => {
      const record = { ...makeRecord(0), body: Buffer.alloc(bodyBytes) };
      queue.plan(record, 0, 0, 0, { dueNs: 0, offsetNs: 0, timelineNs: 0 }, 0);
    };
    put(60);
    assert.equal(queue.full, false);
    put(40);
    assert.equal(queue.full, true);
    let isAwake = false;
    const awake = queue.pauseReader().then(() => {
      isAwake = true;
    });
    put(5);
    queue.shift();
    assert.equal(queue.full, false);
    await awake;
    assert.equal(isAwake, true);
    for (let i = 0; i < 2; i += 1) put(0);
    assert.equal(queue.full, true);
  });
});
