import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startWorkerStore } from '../../../src/capture/op-log/worker-store.ts';
import { createBlockBuilder, type EncodedBlock } from '../../../src/trace/block/block-builder.ts';
import { emptyHeader, emptyLoss } from '../../../src/trace/record/record.ts';
import { newFolder } from '../../support/folders.ts';
import { makeRecord } from '../make-record.ts';
import { readOpLog } from '../support.ts';

const segments = {
  header: { ...emptyHeader(), sorted: false, runId: 'run1' },
  maxAgeNs: 1e15,
  maxBytes: 1e12,
  retention: { maxAgeMs: undefined, maxTotalBytes: undefined },
  firstNumber: 1,
};

function block(path: string): EncodedBlock {
  const builder = createBlockBuilder(0n);
  builder.add(makeRecord({ path }));
  return builder.close(1);
}

/** A thread that says it is ready and dies of the first block. */
const DYING = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.postMessage({ kind: 'ready', error: undefined });
    parentPort.on('message', ({ kind }) => { if (kind === 'block') throw new Error('the thread broke'); });
  `)}`,
);

/** A disk process that takes every call and answers none. */
const SILENT = new URL('../silent-disk.js', import.meta.url);

describe('worker store', () => {
  it('writes blocks in a thread of its own', async () => {
    const directory = join(newFolder(), 'log');
    const store = await startWorkerStore({ directory, segments, nowNs: () => 0 });
    const written = await Promise.all(['/a', '/b', '/c'].map((path) => store.put(block(path), 1)));
    assert.deepEqual(written, [true, true, true]);
    await store.close(2, emptyLoss());
    assert.deepEqual(
      (await readOpLog(directory)).records.map(({ path }) => path),
      ['/a', '/b', '/c'],
    );
    assert.equal(store.stats.blocks, 3);
    assert.equal(await store.put(block('/late'), 3), false, 'it is closed');
    assert.equal((await readdir(directory)).length, 1);
  });

  it('writes blocks of any size whole', async () => {
    const directory = newFolder();
    const store = await startWorkerStore({ directory, segments, nowNs: () => 0 });
    const bodies = [1, 65_536, 3_000_000].map((size) => randomBytes(size)); // does not compress
    const builder = createBlockBuilder(0n);
    for (const body of bodies) {
      builder.add(makeRecord({ body }));
      assert.ok(await store.put(builder.close(1), 1));
    }
    await store.close(2, emptyLoss());
    const { records } = await readOpLog(directory);
    assert.deepEqual(
      records.map(({ body }) => Buffer.compare(body, bodies.shift() as Buffer)),
      [0, 0, 0],
    );
  });

  it('survives its thread: what that had is lost and counted, and another one is started', async () => {
    const directory = newFolder();
    const store = await startWorkerStore({ directory, segments, nowNs: () => 0, entry: DYING });
    assert.deepEqual(await Promise.all([store.put(block('/a'), 1), store.put(block('/b'), 1)]), [
      false,
      false,
    ]);
    assert.equal(await store.put(block('/c'), 1), false, 'there is no thread for the moment');
    assert.equal(store.stats.blocksLost, 3);
    assert.equal(store.stats.lastError, 'the thread broke');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(await store.put(block('/d'), 1), false, 'the second thread took it, and died of it too');
    assert.equal(store.stats.blocksLost, 4);
    await store.close(2, emptyLoss());
  });

  it('starts, and ends, though no call to the disk returns', async () => {
    const directory = newFolder();
    const warnings: string[] = [];
    const store = await startWorkerStore({
      directory,
      segments,
      nowNs: () => 0,
      diskEntry: SILENT,
      patienceMs: 10,
      onWarning: (text) => warnings.push(text),
    });
    assert.match(warnings.join(), /does not answer; capture starts without it/);
    for (let s = 0; s <= 10; s++) store.tick(s * 1e9, emptyLoss());
    assert.match(warnings.join(), /has not answered for 5 s/);
    assert.equal(store.silentMs, 10_000);
    const puts = [store.put(block('/a'), 1), store.put(block('/b'), 1)];
    const closed = store.close(2, emptyLoss());
    store.giveUp();
    assert.deepEqual(await Promise.all(puts), [false, false]);
    await closed;
    assert.equal(store.stats.isClosed, false);
    assert.equal(store.stats.blocksLost, 2);
    assert.equal(await store.put(block('/c'), 1), false);
  });
});
