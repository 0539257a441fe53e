import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createCaptureClock, createSameClock, momentOf } from '../../src/capture/capture-clock.ts';

it('the clock of another process is the same one: its times lie between two readings of the first', () => {
  const clock = createCaptureClock();
  const moment = momentOf(clock);
  const same = createSameClock({
    ...moment, // as it would be had it been read a minute ago
    nowNs: moment.nowNs - 60e9,
    monotonicNs: moment.monotonicNs - 60_000_000_000n,
  });
  assert.equal(same.epochUnixNs, clock.epochUnixNs);
  const SLACK_NS = 5e6; // two clocks are read one after the other, and the process may be stopped in between
  for (let i = 0; i < 100; i++) {
    const before = clock.nowNs();
    const between = same.nowNs();
    assert.ok(between >= before - SLACK_NS && between <= clock.nowNs() + SLACK_NS);
  }
});
