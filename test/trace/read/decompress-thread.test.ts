import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { EngramTraceError } from '../../../src/error.ts';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import { type BlockClaim, claimOf } from '../../../src/trace/block/check-block.ts';
import { compressFrame } from '../../../src/trace/frames/zstd.ts';
import { createDecompressThread, type DecompressThread } from '../../../src/trace/read/decompress-thread.ts';
import { openTraceFile } from '../../../src/trace/read/trace-file.ts';
import type { BlockPlace } from '../../../src/trace/read/unpack-block.ts';
import type { ReadOptions, Trace } from '../../../src/trace/trace.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { withFolder } from '../../support/folders.ts';
import { makeRecord, withFile, writeTrace } from '../support.ts';

/** Frames in a file, one behind the other. */
async function withFrames<T>(
  texts: readonly string[],
  use: (places: BlockPlace[]) => Promise<T>,
): Promise<T> {
  const frames = texts.map((text) => compressFrame(Buffer.from(text)));
  return withFile(Buffer.concat(frames), async (path) => {
    const file = await open(path);
    let offset = 0;
    const places = frames.map(({ length }, i) => {
      const place = { fd: file.fd, offset, compressedBytes: length, rawBytes: texts[i]?.length ?? 0 };
      offset += length;
      return place;
    });
    try {
      return await use(places);
    } finally {
      await file.close();
    }
  });
}

const TEXTS = ['a', 'b'.repeat(5000), '', 'c'.repeat(300)];

/** Unpacks all frames into memory of their own and into shared memory, and meets what is damaged or can't be read. */
async function unpackAll(thread: DecompressThread): Promise<void> {
  await withFrames(TEXTS, async (places) => {
    const shared = places.map(({ rawBytes }) => new SharedArrayBuffer(rawBytes + 7));
    const raws = await Promise.all([
      ...places.map((place) => thread.unpack(place)),
      ...places.map((place, i) => thread.unpack(place, shared[i])),
    ]);
    assert.deepEqual(
      raws.map((raw) => Buffer.from(raw).toString()),
      [...TEXTS, ...TEXTS],
    );
    assert.deepEqual(
      raws.slice(TEXTS.length).map(({ buffer }) => buffer),
      shared,
    );
    const [place = assert.fail()] = places;
    await assert.rejects(thread.unpack({ ...place, rawBytes: 2 }), /not the length the index says/);
    await assert.rejects(thread.unpack({ ...place, offset: 1 }), /no zstd frame starts here/);
    await assert.rejects(thread.unpack({ ...place, fd: 2 ** 30 }), { code: 'io', message: /EBADF/ });
  });
}

test('blocks are unpacked by the thread, each for who asked and where it was asked for', async () => {
  const thread = createDecompressThread();
  try {
    await unpackAll(thread);
  } finally {
    await thread.close();
  }
});

test('a thread that dies is done without', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'mortal.mjs');
    await writeFile(
      path,
      "import { parentPort } from 'node:worker_threads';\nparentPort.on('message', () => process.exit(3));\n",
    );
    const thread = createDecompressThread(pathToFileURL(path));
    await unpackAll(thread);
    await unpackAll(thread);
    await thread.close();
  });
});

test('a thread that can not be started is done without', async () => {
  // The constructor of a worker throws for it, as it does where files or threads have run out.
  const thread = createDecompressThread(new URL('https://127.0.0.1/'));
  await unpackAll(thread);
  await thread.close();
});

async function startsOf(trace: Trace, options: ReadOptions): Promise<number[] | string> {
  const starts: number[] = [];
  try {
    for await (const batch of trace.records(options)) starts.push(...batch.map(({ startNs }) => startNs));
  } catch (thrown) {
    assert.ok(thrown instanceof EngramTraceError);
    return `${starts.length} records, then ${thrown.where}: ${thrown.message}`;
  }
  return starts;
}

test('reading ahead brings what reading brings, whatever the blocks, the range and the damage', async () => {
  const lists = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 20, maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(
      lists,
      fc.option(fc.nat({ max: 3000 }), { nil: undefined }),
      fc.nat(),
      fc.boolean(),
      async (starts, fromNs, flip, isDamaged) => {
        const records = starts.toSorted((a, b) => a - b).map((startNs) => makeRecord({ startNs }));
        const bytes = Buffer.from(await writeTrace(records, {}, { maxBlockBytes: 300 }));
        await withFile(bytes, async (path) => {
          if (isDamaged) await damageBlock(path, bytes, flip);
          const trace = await openTrace(path);
          try {
            for (const onDamage of ['throw', 'skip'] as const) {
              const plain = await startsOf(trace, { fromNs, onDamage });
              assert.deepEqual(await startsOf(trace, { fromNs, onDamage, ahead: true }), plain);
            }
          } finally {
            await trace.close();
          }
        });
      },
    ),
    { numRuns: runs(15) },
  );
});

/** Turns over one byte inside one of the blocks. */
async function damageBlock(path: string, bytes: Buffer, flip: number): Promise<void> {
  const file = await openTraceFile(path);
  const { blocks } = file.index;
  const block = blocks[flip % blocks.length];
  await file.close();
  if (block === undefined) return;
  const at = block.offset + 8 + (flip % (block.compressedBytes - 8));
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  await writeFile(path, bytes);
}

test('a block is checked against what the index claims of it, in the thread and where there is none', async () => {
  const bytes = await writeTrace([makeRecord({ startNs: 5, op: 'a' }), makeRecord({ startNs: 9, op: 'b' })]);
  await withFile(bytes, async (path) => {
    const file = await openTraceFile(path);
    const entry = file.index.blocks[0] ?? assert.fail();
    const frame = await file.readFrame(entry);
    const claim = claimOf(entry, file.header.epochUnixNs, file.index.totals.ops);
    const lies: [Partial<BlockClaim>, RegExp][] = [
      [{ records: 3 }, /records: 2, the index says 3/],
      [{ firstStartNs: 4 }, /first start: 5, the index says 4/],
      [{ lastStartNs: 10 }, /last start: 9, the index says 10/],
      [{ ops: new Map([['a', 2]]) }, /records of a: 1, the index says 2/],
    ];
    for (const thread of [createDecompressThread(), createDecompressThread(new URL('https://127.0.0.1/'))]) {
      await thread.check(frame, entry.rawBytes, claim);
      for (const [lie, message] of lies) {
        await assert.rejects(thread.check(frame, entry.rawBytes, { ...claim, ...lie }), message);
      }
      await assert.rejects(thread.check(frame.subarray(1), entry.rawBytes, claim));
      await thread.close();
    }
    await file.close();
  });
});
