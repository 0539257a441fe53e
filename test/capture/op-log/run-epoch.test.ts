import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createSegmentFs } from '../../../src/capture/disk/segment-fs.ts';
import { ByteBudget } from '../../../src/capture/memory/byte-budget.ts';
import type { BlockStore } from '../../../src/capture/op-log/block-store.ts';
import { createRecorder } from '../../../src/capture/op-log/recorder.ts';
import { epochNsAt, nsSince } from '../../../src/capture/op-log/run-epoch.ts';
import { createSegmentWriter } from '../../../src/capture/op-log/segment-writer.ts';
import { openOpLog } from '../../../src/sources/op-log/op-log.ts';
import { surveyRuns } from '../../../src/sources/op-log/survey-runs.ts';
import { compareTimes } from '../../../src/sources/unix-span.ts';
import { emptyHeader, emptyLoss } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';
import { newFolder } from '../../support/folders.ts';
import { makeRecord } from '../make-record.ts';

const DAY_NS = 86_400e9;
const RUN_EPOCH = 1_763_700_000_000_000_000n;

/** A run of capture without its traffic and its threads, on a clock that stands where it is put. */
async function openRun(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const folder = newFolder();
  const writer = createSegmentWriter(createSegmentFs(folder), {
    header: { ...emptyHeader(), epochUnixNs: RUN_EPOCH, sorted: false, source: 'capture', runId: 'run1' },
    maxAgeNs: 10 * 60e9,
    maxBytes: 1e9,
    retention: { maxAgeMs: undefined, maxTotalBytes: undefined },
    firstNumber: 1,
  });
  await writer.open(0);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const done = last.then(act);
    last = done;
    return done;
  };
  const store: BlockStore = {
    stats: writer.stats,
    silentMs: 0,
    put: (block, nowNs) => inTurn(() => writer.write(block, nowNs)),
    tick: () => {},
    close: (nowNs, untold) => inTurn(() => writer.finish(nowNs, untold)),
    giveUp: () => {},
  };
  let nowNs = 0;
  const budget = new ByteBudget(1e9);
  const recorder = createRecorder({ epochUnixNs: RUN_EPOCH, nowNs: () => nowNs, store, budget });
  return {
    folder,
    store,
    recorder,
    /** What came is on its way to the disk within a second; then time goes on to `ns`, and the disk is looked after. */
    passTo: (ns: number): Promise<void> => {
      nowNs = Math.min(ns, nowNs + 1e9);
      t.mock.timers.tick(100);
      nowNs = ns;
      return inTurn(() => writer.tick(ns, emptyLoss()));
    },
  };
}

describe('the epochs of a long run', () => {
  it('follow the clock, 26 to 52 days behind it, and never leave what the format can tell', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100_000 * DAY_NS, noNaN: true }), (ns) => {
        const nowNs = Math.round(ns);
        const epochNs = epochNsAt(nowNs);
        assert.ok(epochNs % 2 ** 51 === 0 && epochNs <= nowNs);
        assert.ok(nowNs - epochNs < 2 ** 52 && (epochNs === 0 || nowNs - epochNs >= 2 ** 51));
        assert.ok(Number.isSafeInteger(nsSince(0, nowNs)));
      }),
    );
  });

  it('lose no record and no time in years, busy or idle, with operations that take weeks', async (t) => {
    const { folder, store, recorder, passTo } = await openRun(t);
    const days = [0, 25, 26.1, 52.2, 60, 104.2, 104.3, 209, 210, 211, 400, 900, 1_500];
    const startsNs: number[] = [];
    for (const day of days) {
      const nowNs = Math.round((day * DAY_NS) / 1024) * 1024;
      await passTo(nowNs);
      // One that is done at once, and one that began as long ago as it can.
      for (const durationNs of [1000, Math.min(nowNs, 30 * DAY_NS)]) {
        startsNs.push(nowNs - durationNs);
        recorder.add(makeRecord({ startNs: nowNs - durationNs, durationNs, path: `/${day}` }), 0);
      }
    }
    await recorder.close(60_000);
    assert.equal(recorder.stats.recordsDropped, 0, recorder.stats.lastRefused + store.stats.lastError);
    const log = await openOpLog(folder);
    t.after(() => log.close());
    assert.deepEqual(surveyRuns(log.segments).holes, []);
    const walls: bigint[] = [];
    for (const { header, file } of log.segments) {
      for (const entry of file?.index.blocks ?? [])
        for (const { startNs } of (await file?.readBlock(entry)) ?? [])
          walls.push(header.epochUnixNs + BigInt(startNs));
    }
    const wanted = startsNs.map((ns) => RUN_EPOCH + BigInt(ns));
    assert.deepEqual(walls.sort(compareTimes), wanted.sort(compareTimes));
  });
});
