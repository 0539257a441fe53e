import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { hrNowNs } from '../../../src/replay/clock/alarm-cells.ts';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import { createThreadAlarm, type ThreadAlarm } from '../../../src/replay/clock/thread-alarm.ts';
import type { Precision } from '../../../src/replay/replay-options.ts';

const PRECISIONS: Precision[] = ['eco', 'normal', 'spin'];
const WAITS_NS = [-1e6, 0, 1, 50_000, 190_000, 210_000, 1e6, 1.9e6, 2.1e6, 3.7e6, 12.345e6, 60e6];

test('real clock: integer ns that never go back', () => {
  const clock = createRealClock();
  let before = clock.nowNs();
  for (let at = 0; at < 10_000; at += 1) {
    const now = clock.nowNs();
    assert.ok(Number.isInteger(now) && now >= before);
    before = now;
  }
});

for (const precision of PRECISIONS) {
  test(`real clock, ${precision}: never wakes early, and wakes for a moment that is past`, async () => {
    const clock = createRealClock({ precision });
    const startNs = clock.nowNs();
    const waits = WAITS_NS.map((afterNs) => {
      const atNs = startNs + afterNs;
      return new Promise<number>((resolve) => {
        let isInCall = true;
        clock.at(atNs, () => resolve(isInCall ? Number.NaN : clock.nowNs() - atNs));
        isInCall = false;
      });
    });
    for (const lateNs of await Promise.all(waits)) assert.ok(lateNs >= 0, `${lateNs}`);
  });

  test(`real clock, ${precision}: wakes in the order of the moments, whatever the order of asking`, async () => {
    const clock = createRealClock({ precision });
    const startNs = clock.nowNs() + 2e6;
    const woken: number[] = [];
    const order = [5, 1, 3, 1, 40, 0, 12];
    await Promise.all(
      order.map(
        (ms) =>
          new Promise<void>((resolve) => {
            clock.at(startNs + ms * 1e6, () => {
              woken.push(ms);
              resolve();
            });
          }),
      ),
    );
    assert.deepEqual(
      woken,
      [...order].sort((a, b) => a - b),
    );
  });

  test(`real clock, ${precision}: a cancelled wake never comes, and a later one still does`, async () => {
    const clock = createRealClock({ precision });
    const woken: number[] = [];
    const cancels = [0, 1e6, 5e6, 20e6].map((afterNs) =>
      clock.at(clock.nowNs() + afterNs, () => woken.push(afterNs), afterNs === 5e6),
    );
    for (const cancel of cancels) cancel();
    await new Promise<void>((resolve) => clock.at(clock.nowNs() + 40e6, resolve));
    assert.deepEqual(woken, []);
  });

  test(`real clock, ${precision}: a wake may ask for the next, and none is lost`, async () => {
    const clock = createRealClock({ precision });
    let left = 50;
    await new Promise<void>((resolve) => {
      const again = (): void => {
        left -= 1;
        if (left === 0) resolve();
        else clock.at(clock.nowNs() + (left % 3) * 150_000, again);
      };
      again();
    });
    assert.equal(left, 0);
  });
}

test('real clock: what a caller says it will ask for next, and does or does not, wakes nobody by itself', async () => {
  const clock = createRealClock();
  const woken: number[] = [];
  for (let step = 0; step < 60; step += 1) {
    const atNs = clock.nowNs() + 400_000;
    // Right, too early, past, long after, never.
    const thenNs = [atNs + 400_000, atNs + 150_000, atNs - 1e6, atNs + 5e6, Infinity][step % 5];
    await new Promise<void>((resolve) => {
      clock.at(
        atNs,
        () => {
          woken.push(clock.nowNs() - atNs);
          resolve();
        },
        false,
        thenNs,
      );
    });
  }
  await new Promise<void>((resolve) => clock.at(clock.nowNs() + 10e6, resolve));
  assert.equal(woken.length, 60);
  for (const lateNs of woken) assert.ok(lateNs >= 0, `${lateNs}`);
});

test('real clock: a coarse wake is not early either', async () => {
  const clock = createRealClock();
  const atNs = clock.nowNs() + 3.3e6;
  await new Promise<void>((resolve) => clock.at(atNs, resolve, true));
  assert.ok(clock.nowNs() >= atNs);
});

test('real clock: the same in another thread', async () => {
  const program = `
    import { parentPort } from 'node:worker_threads';
    import { createRealClock } from ${JSON.stringify(new URL('../../../src/replay/clock/real-clock.js', import.meta.url).href)};
    parentPort.postMessage(createRealClock().nowNs());
  `;
  const clock = createRealClock();
  const beforeNs = clock.nowNs();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  const thereNs = await new Promise<number>((resolve) => worker.once('message', resolve));
  assert.ok(thereNs > beforeNs && thereNs < clock.nowNs(), `${thereNs - beforeNs}`);
  await worker.terminate();
});

/** An alarm that notes when it rings, and waits for that. */
function notedAlarm(t: TestContext): {
  alarm: ThreadAlarm;
  rings: number[];
  ready(): Promise<void>;
  rung(count: number): Promise<void>;
} {
  const rings: number[] = [];
  const alarm = createThreadAlarm(() => rings.push(hrNowNs()));
  const keepAlive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(keepAlive));
  const until = async (isThere: () => boolean, what: string): Promise<void> => {
    const limitNs = hrNowNs() + 60e9;
    while (!isThere()) {
      assert.ok(hrNowNs() < limitNs, `${what} never came`);
      await setTimeout(1);
    }
  };
  return {
    alarm,
    rings,
    ready: () => until(() => alarm.isReady, 'the thread'),
    rung: (count) => until(() => rings.length >= count, `ring ${count}`),
  };
}

test('thread alarm: rings after its time, once, and a new time replaces the old', async (t) => {
  const { alarm, rings, rung } = notedAlarm(t);
  let atNs = hrNowNs() + 5e6;
  alarm.set(hrNowNs() + 3600e9);
  alarm.set(atNs);
  await rung(1);
  assert.ok((rings[0] as number) >= atNs);
  atNs = hrNowNs();
  alarm.set(atNs);
  await rung(2);
  await setTimeout(30);
  assert.equal(rings.length, 2);
});

test('thread alarm: rings for the time after as well, whether that is set again or not, and not for one replaced', async (t) => {
  const { alarm, rings, ready, rung } = notedAlarm(t);
  assert.equal(alarm.isReady, false);
  await ready();
  // Rings that come while this thread stalls are told as one: so they are far apart.
  const atNs = hrNowNs() + 5e6;
  alarm.set(atNs, atNs + 400e6);
  await rung(2);
  assert.ok((rings[0] as number) >= atNs && (rings[1] as number) >= atNs + 400e6);
  // Known already: what is set is one ring, not two.
  const nextNs = hrNowNs() + 1000e6;
  alarm.set(nextNs);
  await setTimeout(50);
  alarm.set(nextNs + 10_000, nextNs + 400e6);
  await rung(4);
  assert.ok((rings[2] as number) >= nextNs && (rings[3] as number) >= nextNs + 400e6);
  alarm.set(hrNowNs(), hrNowNs() + 3600e9);
  await rung(5);
  alarm.set(hrNowNs());
  await rung(6);
  await setTimeout(30);
  assert.equal(rings.length, 6);
});

test('thread alarm: rings for a time it was told before and is told again, though another came between', async (t) => {
  const { alarm, rings, ready, rung } = notedAlarm(t);
  await ready();
  const atNs = hrNowNs() + 300e6;
  alarm.set(atNs);
  // By then it sleeps to that time, and what follows is set before it has woken.
  await setTimeout(50);
  alarm.set(hrNowNs() + 3600e9);
  alarm.set(atNs);
  await rung(1);
  assert.ok((rings[0] as number) >= atNs);
});
