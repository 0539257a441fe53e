import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudget } from '../../../src/capture/memory/byte-budget.ts';
import type { BlockStore } from '../../../src/capture/op-log/block-store.ts';
import { createRecorder } from '../../../src/capture/op-log/recorder.ts';
import { emptySegmentStats } from '../../../src/capture/op-log/segment-stats.ts';
import type { EncodedBlock } from '../../../src/trace/block/block-builder.ts';
import { makeRecord } from '../make-record.ts';
import { until } from '../support.ts';

interface FakeStore extends BlockStore {
  blocks: EncodedBlock[];
  ticks: number;
  /** Ends the oldest put that waits. */
  settle(written: boolean): void;
}

/** `held`: puts wait until they are settled by hand. */
function fakeStore(held: boolean, takes: () => boolean = () => true): FakeStore {
  const blocks: EncodedBlock[] = [];
  const waiting: ((written: boolean) => void)[] = [];
  let isGivenUp = false;
  return {
    blocks,
    stats: emptySegmentStats(),
    silentMs: 0,
    put(block) {
      if (isGivenUp) return Promise.resolve(false);
      if (!held) {
        const written = takes();
        if (written) blocks.push(block);
        return Promise.resolve(written);
      }
      blocks.push(block);
      return new Promise((resolve) => waiting.push(resolve));
    },
    settle: (written) => waiting.shift()?.(written),
    ticks: 0,
    tick() {
      this.ticks++;
    },
    close: async () => {},
    giveUp: () => {
      isGivenUp = true;
      for (const settle of waiting.splice(0)) settle(false);
    },
  };
}

function recorderOn(store: BlockStore, bufferBytes = 1e9) {
  let nowNs = 0;
  const recorder = createRecorder({
    epochUnixNs: 0n,
    nowNs: () => nowNs,
    store,
    budget: new ByteBudget(bufferBytes),
  });
  const advance = (ns: number): void => {
    nowNs += ns;
  };
  return { recorder, advance };
}

const sum = (blocks: readonly EncodedBlock[], of: (block: EncodedBlock) => number): number =>
  blocks.reduce((total, block) => total + of(block), 0);

describe('recorder', () => {
  it('closes a block at about 1 MiB', async () => {
    const store = fakeStore(false);
    const { recorder } = recorderOn(store);
    for (let i = 0; i < 30; i++) recorder.add(makeRecord({ startNs: i, body: Buffer.alloc(100_000, i) }), 0);
    assert.equal(store.blocks.length, 2);
    assert.ok(store.blocks.every(({ raw }) => raw.length > 1e6 && raw.length < 1.3e6));
    await recorder.close(60_000);
    assert.equal(
      sum(store.blocks, ({ records }) => records),
      30,
    );
  });

  it('closes a block before it is a second old', async () => {
    const store = fakeStore(false);
    const { recorder, advance } = recorderOn(store);
    recorder.add(makeRecord(), 0);
    advance(0.8e9);
    await until(() => store.blocks.length === 1, 'the block is closed by its age');
    await recorder.close(60_000);
  });

  it('keeps records that took long out of the ordinary blocks', async () => {
    const store = fakeStore(false);
    const { recorder } = recorderOn(store);
    recorder.add(makeRecord({ startNs: 100e9 }), 0);
    recorder.add(makeRecord({ startNs: 1e9, durationNs: 99e9 }), 0);
    await recorder.close(60_000);
    assert.deepEqual(store.blocks.map(({ firstStartNs }) => firstStartNs).sort(), [100e9, 1e9].sort());
  });

  it('drops what a slow disk leaves no room for, and the next block says so', async () => {
    const store = fakeStore(true);
    const { recorder } = recorderOn(store, 3e6);
    for (let i = 0; i < 100; i++) recorder.add(makeRecord({ startNs: i, body: Buffer.alloc(100_000) }), 0);
    const { records, recordsDropped, pendingBytes } = recorder.stats;
    assert.equal(records + recordsDropped, 100);
    assert.ok(
      recordsDropped > 60 && pendingBytes < 3e6,
      `${recordsDropped} dropped, ${pendingBytes} waiting`,
    );
    const closed = recorder.close(60_000);
    for (let i = 0; i < 10; i++) {
      store.settle(true);
      await new Promise(setImmediate);
    }
    await closed;
    assert.equal(
      sum(store.blocks, (block) => block.records),
      records,
    );
    assert.equal(
      sum(store.blocks, ({ loss }) => loss.recordsDropped),
      recordsDropped,
    );
  });

  it('counts the records of a lost block in the next one that can be written', async () => {
    let takes = false;
    const store = fakeStore(false, () => takes);
    const { recorder, advance } = recorderOn(store);
    recorder.add(makeRecord(), 0);
    recorder.add(makeRecord({ body: Buffer.from('cut') }), 7);
    advance(1e9);
    await until(() => recorder.stats.recordsDropped === 2, 'the block is lost');
    assert.equal(recorder.stats.untoldLoss.recordsDropped, 2);
    takes = true;
    recorder.add(makeRecord(), 0);
    await recorder.close(60_000);
    assert.equal(store.blocks.length, 1);
    const { recordsDropped, bodiesTruncated, bodyBytesTruncated } = (store.blocks[0] as EncodedBlock).loss;
    assert.deepEqual([recordsDropped, bodiesTruncated, bodyBytesTruncated], [2, 1, 7]);
    assert.equal(recorder.stats.untoldLoss.recordsDropped, 0);
  });

  it('tells a loss even when no record follows, and keeps it when nothing can be written', async () => {
    const store = fakeStore(false, () => false);
    const { recorder, advance } = recorderOn(store);
    recorder.drop(3);
    advance(1e9);
    await new Promise((resolve) => setTimeout(resolve, 250));
    advance(1e9);
    await recorder.close(60_000);
    assert.equal(recorder.stats.untoldLoss.recordsDropped, 3, 'tried several times, counted once');
    assert.equal(recorder.stats.recordsDropped, 3);
  });

  it('tells of what could not be followed, block by block', async () => {
    const store = fakeStore(false);
    const { recorder, advance } = recorderOn(store);
    recorder.unfollowed(1, 100);
    recorder.unfollowed(0, 50);
    advance(1e9);
    await until(() => store.blocks.length === 1, 'a block of its own');
    recorder.unfollowed(0, 7);
    await recorder.close(10_000);
    assert.deepEqual(
      store.blocks.map(({ loss }) => [loss.connectionsUnfollowed, loss.bytesUnfollowed, loss.recordsDropped]),
      [
        [1, 150, 0],
        [0, 7, 0],
      ],
    );
    assert.deepEqual([recorder.stats.connectionsUnfollowed, recorder.stats.bytesUnfollowed], [1, 157]);
  });

  it('drops a record the format can not hold, and says why', async () => {
    const store = fakeStore(false);
    const { recorder } = recorderOn(store);
    assert.equal(recorder.stats.lastRefused, '');
    recorder.add(makeRecord({ method: 'PUT', path: `/${'x'.repeat(9_000)}`, deadlineNs: 2 ** 53 }), 0);
    assert.match(recorder.stats.lastRefused, /^PUT \/x+: field 13 is 9007199254740992; /);
    assert.ok(recorder.stats.lastRefused.length < 400);
    recorder.add(makeRecord(), 0);
    await recorder.close(60_000);
    assert.equal(
      sum(store.blocks, ({ records }) => records),
      1,
    );
    assert.equal(
      sum(store.blocks, ({ loss }) => loss.recordsDropped),
      1,
    );
  });

  it('keeps few blocks before a disk that hangs, and gives it up in the end', async () => {
    const store = fakeStore(true);
    const { recorder, advance } = recorderOn(store);
    for (let i = 0; i < 30; i++) {
      const before = store.ticks;
      recorder.add(makeRecord({ startNs: i }), 0);
      recorder.drop(1);
      advance(1e9);
      await until(() => store.ticks > before, 'time goes on');
    }
    assert.ok(store.blocks.length <= 9, `${store.blocks.length} blocks wait`);
    const closed = recorder.close(0);
    await closed;
    assert.equal(recorder.stats.untoldLoss.recordsDropped, 60);
    assert.equal(recorder.stats.pendingBytes, 0);
  });
});
