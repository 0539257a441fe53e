import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRealClock } from '../../src/replay/real-clock.ts';

test('real clock: integer ns that never go back', () => {
  const clock = createRealClock();
  let before = clock.nowNs();
  for (let at = 0; at < 10_000; at += 1) {
    const now = clock.nowNs();
    assert.ok(Number.isInteger(now) && now >= before);
    before = now;
  }
});

test('real clock: never wakes early, and wakes for a moment that is past', async () => {
  const clock = createRealClock();
  const startNs = clock.nowNs();
  const waits = [-1e6, 0, 1, 50_000, 1e6, 1.9e6, 2.1e6, 3.7e6, 12.345e6, 40e6].map((afterNs) => {
    const atNs = startNs + afterNs;
    return new Promise<number>((resolve) => {
      let isInCall = true;
      clock.at(atNs, () => resolve(isInCall ? Number.NaN : clock.nowNs() - atNs));
      isInCall = false;
    });
  });
  for (const lateNs of await Promise.all(waits)) assert.ok(lateNs >= 0, `${lateNs}`);
});

test('real clock: a cancelled wake never comes', async () => {
  const clock = createRealClock();
  const woken: number[] = [];
  const cancels = [0, 1e6, 5e6, 20e6].map((afterNs) =>
    clock.at(clock.nowNs() + afterNs, () => woken.push(afterNs)),
  );
  for (const cancel of cancels) cancel();
  await new Promise<void>((resolve) => clock.at(clock.nowNs() + 40e6, resolve));
  assert.deepEqual(woken, []);
});
