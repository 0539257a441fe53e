import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GoneError, type ResourceReading, type WatchSource } from '../../src/watch/reading.ts';
import { ResourcesOf } from '../../src/watch/resources-of.ts';
import { Series } from '../../src/watch/series.ts';
import { type WatchClock, Watcher } from '../../src/watch/watcher.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';

/** Time that passes when a test says so. */
class ManualClock implements WatchClock {
  #nowMs = 0;
  #timers: { atMs: number; wake: () => void }[] = [];

  nowNs(): number {
    return this.#nowMs * 1e6;
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, wake };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  async passTo(ms: number): Promise<void> {
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > ms) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#timers = this.#timers.filter((each) => each !== next);
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = ms;
  }
}

const sourceOf = (value: (atNs: number) => number | Promise<number>): WatchSource => ({
  read: async (atNs): Promise<ResourceReading[]> => [
    { metric: 'rss_bytes', unit: 'bytes', value: await value(atNs) },
  ],
});

const TARGET = { kind: 'process', name: 'process', pid: 42 } as const;

/** What a document says of a process whose memory is so, second by second. */
async function watched(secs: number, value: (atS: number) => number) {
  const clock = new ManualClock();
  const watcher = new Watcher(
    sourceOf((atNs) => value(atNs / 1e9)),
    clock,
  );
  await watcher.begin();
  await clock.passTo(secs * 1000);
  await watcher.end();
  return new ResourcesOf([TARGET], [{ ...watcher.result(), leftOut: 0 }], { startNs: 0, endNs: secs * 1e9 });
}

/** What a document says of a series of so many readings, of which a hundred points are kept at most. */
function entryOf(readings: number, value: (i: number) => number) {
  const series = new Series('rss_bytes', 'bytes', 100);
  for (let i = 0; i < readings; i += 1) series.add(i * 1e9, value(i));
  const watched = { series: [series.data()], readings, missed: 0, lastError: undefined, goneAtNs: undefined };
  const run = { startNs: 0, endNs: readings * 1e9 };
  const resources = new ResourcesOf([TARGET], [{ ...watched, leftOut: 0 }], run);
  return { resources, entry: resources.section().series['process.rss_bytes'] };
}

describe('watching', () => {
  it('reads each second, and what hangs or fails is missed and counted', async () => {
    const clock = new ManualClock();
    let hanging = (_: number): void => {};
    const watcher = new Watcher(
      sourceOf((atNs) => {
        if (atNs === 2e9) throw new Error('not now');
        return atNs === 4e9 ? new Promise<number>((resolve) => (hanging = resolve)) : atNs / 1e9;
      }),
      clock,
    );
    assert.equal(await watcher.begin(), undefined);
    await clock.passTo(6500);
    hanging(4);
    await new Promise((resolve) => setImmediate(resolve));
    await clock.passTo(7500);
    await watcher.end();
    const { series, readings, missed, lastError } = watcher.result();
    assert.deepEqual([...(series[0]?.values ?? [])], [0, 1, 3, 4, 7, 7.5]);
    assert.deepEqual([readings, missed, lastError], [6, 3, 'not now']);
  });

  it('ends though a reading hangs for ever', async () => {
    const clock = new ManualClock();
    const watcher = new Watcher(
      sourceOf((atNs) => (atNs === 0 ? 1 : new Promise<number>(() => {}))),
      clock,
    );
    await watcher.begin();
    await clock.passTo(1500);
    const ended = watcher.end();
    await clock.passTo(2500);
    await ended;
    assert.equal(watcher.result().readings, 1);
  });

  it('of a process that is gone ends there, and says when', async () => {
    const clock = new ManualClock();
    const watcher = new Watcher(
      sourceOf((atNs) => {
        if (atNs >= 3e9) throw new GoneError('the process has ended');
        return 5;
      }),
      clock,
    );
    await watcher.begin();
    await clock.passTo(9000);
    await watcher.end();
    const resources = new ResourcesOf([TARGET], [{ ...watcher.result(), leftOut: 0 }], {
      startNs: 1e9,
      endNs: 9e9,
    });
    const [entry] = resources.section().watched;
    assert.deepEqual(
      [entry?.gone_at_s, entry?.last_error, entry?.readings, entry?.missed],
      [2, 'the process has ended', 3, 1],
    );
    assert.deepEqual(resources.inWindow({ start_s: 0, width_s: 1 }), { 'process.rss_bytes': 5 });
    assert.deepEqual(resources.inWindow({ start_s: 5, width_s: 1 }), {});
  });

  it('finds a leak of 1 MB/s within five minutes, and none where memory only wanders', async () => {
    const MB = 1e6;
    const noise = new SeededStream(3, 'memory');
    const slopeOf = async (leak: number, seed: number) => {
      let wander = 0;
      const resources = await watched(300, (atS) => {
        wander = 0.9 * wander + 20 * MB * (noise.positive(seed * 1000 + Math.round(atS)) - 0.5);
        // A heap that grows in the first minute and then stays is no leak.
        return 500 * MB + Math.min(atS, 60) * 2 * MB + leak * atS + wander;
      });
      return resources.section().series['process.rss_bytes']?.slope;
    };
    for (let seed = 0; seed < 20; seed += 1) {
      const leaking = await slopeOf(MB, seed);
      assert.ok(
        leaking && leaking.low_per_hour > 0.5 * 3600 * MB && leaking.p < 1e-3,
        JSON.stringify(leaking),
      );
      const steady = await slopeOf(0, seed);
      assert.ok(
        steady && steady.low_per_hour < 0.05 * 500 * MB,
        `no leak of 5 % an hour: ${JSON.stringify(steady)}`,
      );
    }
  });

  it('keeps a bounded number of values, and the highest of them', () => {
    const series = new Series('rss_bytes', 'bytes', 100);
    for (let i = 0; i < 10_000; i += 1) series.add(i * 1e9, i === 150 ? 1e6 : i % 7);
    const { atNs, values } = series.data();
    assert.ok(values.length <= 100 && values.length >= 50, `${values.length}`);
    assert.equal(atNs.length, values.length);
    assert.ok(atNs.every((at, i) => i === 0 || at > (atNs[i - 1] ?? 0)));
    const { entry } = entryOf(10_000, (i) => (i === 150 ? 1e6 : i % 7));
    assert.equal(entry?.max, 1e6);
  });

  it('loses no peak and no mean of a run so long that several readings become one point', () => {
    for (const peakAt of [0, 101, 150, 6001, 9998, 9999]) {
      const of = (i: number): number => (i === peakAt ? 700 : i % 2 === 0 ? 100 : 50);
      const { entry, resources } = entryOf(10_000, of);
      const sum = Array.from({ length: 10_000 }, (_, i) => of(i)).reduce((total, each) => total + each);
      assert.deepEqual([entry?.min, entry?.max, entry?.last], [50, 700, of(9999)], `peak at ${peakAt}`);
      assert.ok(Math.abs((entry?.mean ?? 0) / (sum / 10_000) - 1) < 1e-5, `${entry?.mean}`);
      assert.equal(entry?.readings, 10_000);
      const { 'process.rss_bytes': mean } = resources.inWindow({ start_s: 4096, width_s: 1024 });
      assert.ok(Math.abs((mean ?? 0) - 75) < 0.5, `${mean}`);
    }
  });

  it('counts a reading that gives nothing as missed, but for the first of what only has rates', async () => {
    const clock = new ManualClock();
    let reads = 0;
    const readsNothing = new Set([1, 3, 4]);
    const source: WatchSource = {
      read: async () => {
        reads += 1;
        return readsNothing.has(reads) ? [] : [{ metric: 'x:rate', unit: 'per_s', value: reads }];
      },
    };
    const watcher = new Watcher(source, clock);
    assert.equal(await watcher.begin(), undefined);
    await clock.passTo(4500);
    await watcher.end();
    const { readings, missed, lastError } = watcher.result();
    assert.deepEqual([readings, missed, lastError], [3, 2, 'it gave nothing']);
  });
});
