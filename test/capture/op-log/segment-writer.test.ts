import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSegmentFs, type SegmentFile, type SegmentFs } from '../../../src/capture/disk/segment-fs.ts';
import { segmentName } from '../../../src/capture/op-log/segment-name.ts';
import { createSegmentWriter, type SegmentOptions } from '../../../src/capture/op-log/segment-writer.ts';
import { createBlockBuilder, type EncodedBlock } from '../../../src/trace/block/block-builder.ts';
import { decodeUntoldLosses, untoldLossesName } from '../../../src/trace/op-log/untold-losses.ts';
import { emptyHeader, emptyLoss } from '../../../src/trace/record/record.ts';
import { newFolder } from '../../support/folders.ts';
import { makeRecord } from '../make-record.ts';
import { readOpLog } from '../support.ts';

const EPOCH = 1_763_700_000_000_000_000n;

function options(fields: Partial<SegmentOptions> = {}): SegmentOptions {
  return {
    header: { ...emptyHeader(), epochUnixNs: EPOCH, sorted: false, source: 'capture', runId: 'run1' },
    maxAgeNs: 1e15,
    maxBytes: 1e12,
    retention: { maxAgeMs: undefined, maxTotalBytes: undefined },
    firstNumber: 1,
    ...fields,
  };
}

/** A block of one record whose path is its number. */
function block(number: number, body = ''): EncodedBlock {
  const builder = createBlockBuilder(EPOCH);
  builder.add(makeRecord({ startNs: number * 1e9, path: `/${number}`, body: Buffer.from(body) }));
  return builder.close(number * 1e9);
}

function error(code: string): Error {
  return Object.assign(new Error(`${code}: no`), { code });
}

/** The real folder, failing when told to; a failing write leaves half of its bytes behind. */
async function failingFs(
  folder: string,
): Promise<{ fs: SegmentFs; fail: { write: boolean; create: boolean; truncate: boolean } }> {
  const real = createSegmentFs(folder);
  const fail = { write: false, create: false, truncate: false };
  const wrap = (file: SegmentFile): SegmentFile => ({
    ...file,
    async write(bytes, position) {
      if (!fail.write) return file.write(bytes, position);
      await file.write(bytes.subarray(0, bytes.length >> 1), position);
      throw error('ENOSPC');
    },
    async truncate(size) {
      if (fail.truncate) throw error('EIO');
      return file.truncate(size);
    },
  });
  const fs: SegmentFs = {
    ...real,
    async create(name) {
      if (fail.create) throw error('EACCES');
      return wrap(await real.create(name));
    },
  };
  return { fs, fail };
}

const paths = async (folder: string): Promise<string[]> =>
  (await readOpLog(folder)).records.map(({ path }) => path);

describe('segment writer', () => {
  it('writes down when a run ended whose relay died, in the place of what that left', async () => {
    const folder = newFolder();
    const name = untoldLossesName(Number(EPOCH / 1_000_000n), 'run0');
    await writeFile(join(folder, name), 'what the dead one wrote last');
    const ended = [{ runId: 'run0', sinceNs: 3e9, endNs: 5e9, loss: { ...emptyLoss(), recordsDropped: 4 } }];
    const writer = createSegmentWriter(createSegmentFs(folder), options({ ended }));
    await writer.open(6e9);
    const { isEnded, sinceUnixNs, untilUnixNs, loss } = decodeUntoldLosses(
      await readFile(join(folder, name)),
      name,
    );
    assert.deepEqual(
      [isEnded, sinceUnixNs - EPOCH, untilUnixNs - EPOCH, loss.recordsDropped],
      [true, 3_000_000_000n, 5_000_000_000n, 4],
    );
    await writer.finish(7e9, emptyLoss());
    assert.ok((await readdir(folder)).includes(name), 'it stays when this run is closed');
  });

  it('writes that down as soon as the disk takes it, at the very end at the latest', async () => {
    const folder = newFolder();
    const { fs, fail } = await failingFs(folder);
    const name = (runId: string) => untoldLossesName(Number(EPOCH / 1_000_000n), runId);
    const one = (runId: string) => ({ runId, sinceNs: 3e9, endNs: 5e9, loss: emptyLoss() });
    const isEnded = async (runId: string): Promise<boolean> =>
      decodeUntoldLosses(await readFile(join(folder, name(runId))), name(runId)).isEnded;
    fail.create = true;
    const writers = [
      createSegmentWriter(fs, options({ ended: [one('run0'), one('run00')] })),
      createSegmentWriter(fs, options({ ended: [one('run000')] })),
    ] as const;
    for (const writer of writers) await assert.rejects(writer.open(6e9), { code: 'EACCES' });
    await writers[0].tick(8e9, emptyLoss());
    fail.create = false;
    await writers[0].tick(10e9, emptyLoss());
    assert.deepEqual([await isEnded('run0'), await isEnded('run00')], [true, true]);
    await unlink(join(folder, name('run0')));
    await writers[0].tick(12e9, emptyLoss());
    assert.ok(!(await readdir(folder)).includes(name('run0')), 'once');
    await writers[1].finish(13e9, emptyLoss());
    assert.ok(await isEnded('run000'));
  });

  it('writes files for the owner only, in a folder for the owner only', async () => {
    const folder = join(newFolder(), 'a', 'b');
    const writer = createSegmentWriter(createSegmentFs(folder), options());
    await writer.open(0);
    assert.ok(await writer.write(block(1), 1e9));
    await writer.finish(2e9, emptyLoss());
    const [name] = await readdir(folder);
    assert.equal((await stat(join(folder, name as string))).mode & 0o777, 0o600);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    const { headers, records } = await readOpLog(folder);
    assert.equal(headers[0]?.openedNs, 0);
    assert.equal(records.length, 1);
  });

  it('makes no file without a block, however small a segment may be', async () => {
    const folder = newFolder();
    const writer = createSegmentWriter(createSegmentFs(folder), options({ maxBytes: 0, maxAgeNs: 0 }));
    await writer.open(0);
    for (let second = 1; second <= 20; second++) await writer.tick(second * 1e9, emptyLoss());
    assert.equal(writer.stats.segments, 1);
    assert.ok(await writer.write(block(21), 21e9));
    assert.equal(writer.stats.segments, 2, 'the block is in a full one');
    await writer.finish(22e9, emptyLoss());
    assert.deepEqual(await paths(folder), ['/21']);
  });

  it('begins a new segment by age, by size, and not while there is nothing in it', async () => {
    const folder = newFolder();
    const writer = createSegmentWriter(
      createSegmentFs(folder),
      options({ maxAgeNs: 10e9, maxBytes: 20_000 }),
    );
    await writer.open(0);
    await writer.tick(50e9, emptyLoss());
    assert.equal(writer.stats.segments, 1, 'an empty one stays');
    await writer.write(block(51), 51e9);
    assert.equal(writer.stats.segments, 2, 'old');
    const noise = Array.from({ length: 30_000 }, (_, i) =>
      String.fromCharCode(33 + ((i * i * 7919) % 89)),
    ).join('');
    await writer.write(block(52, noise), 52e9);
    await writer.tick(61.9e9, emptyLoss());
    await writer.write(block(53), 61.95e9);
    await writer.tick(90e9, emptyLoss());
    await writer.finish(95e9, emptyLoss());
    assert.deepEqual((await paths(folder)).sort(), ['/51', '/52', '/53']);
    const numbers = (await readdir(folder)).map((name) => name.slice(-16, -10)).sort();
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => String(i + 1).padStart(6, '0')),
      'no number is left out',
    );
  });

  it('cuts off what a full disk left behind, counts the block and goes on', async () => {
    const folder = newFolder();
    const { fs, fail } = await failingFs(folder);
    const writer = createSegmentWriter(fs, options());
    await writer.open(0);
    assert.ok(await writer.write(block(1), 1e9));
    fail.write = true;
    assert.equal(await writer.write(block(2), 2e9), false);
    assert.equal(await writer.write(block(3), 3e9), false);
    assert.match(writer.stats.lastError, /ENOSPC/);
    assert.deepEqual(await paths(folder), ['/1'], 'readable meanwhile');
    fail.write = false;
    assert.ok(await writer.write(block(4), 4e9));
    await writer.finish(5e9, emptyLoss());
    assert.deepEqual(await paths(folder), ['/1', '/4']);
    assert.equal(writer.stats.blocksLost, 2);
    assert.equal((await readdir(folder)).length, 1);
  });

  it('leaves whole blocks when there is no space for the index', async () => {
    const folder = newFolder();
    const { fs, fail } = await failingFs(folder);
    const writer = createSegmentWriter(fs, options());
    await writer.open(0);
    await writer.write(block(1), 1e9);
    fail.write = true;
    await writer.finish(5e9, emptyLoss());
    assert.equal(writer.stats.unindexed, 1);
    assert.deepEqual(await paths(folder), ['/1']);
  });

  it('takes another file when one can not even be cut', async () => {
    const folder = newFolder();
    const { fs, fail } = await failingFs(folder);
    const writer = createSegmentWriter(fs, options());
    await writer.open(0);
    await writer.write(block(1), 1e9);
    fail.write = true;
    fail.truncate = true;
    assert.equal(await writer.write(block(2), 2e9), false);
    fail.write = false;
    assert.ok(await writer.write(block(3), 3e9));
    await writer.finish(4e9, emptyLoss());
    assert.equal((await readdir(folder)).length, 2);
    assert.deepEqual((await paths(folder)).sort(), ['/1', '/3']);
  });

  it('leaves no file behind that has not even a header, and opens one once it can', async () => {
    const folder = newFolder();
    const { fs, fail } = await failingFs(folder);
    fail.write = true;
    const writer = createSegmentWriter(fs, options());
    await assert.rejects(writer.open(0), /ENOSPC/);
    assert.deepEqual(await readdir(folder), []);
    fail.write = false;
    fail.create = true;
    assert.equal(await writer.write(block(1), 1e9), false);
    fail.create = false;
    assert.ok(await writer.write(block(2), 2e9));
    await writer.finish(3e9, emptyLoss());
    assert.deepEqual(await paths(folder), ['/2']);
  });

  it('removes old segments of its own naming and nothing else', async () => {
    const folder = newFolder();
    await mkdir(folder, { recursive: true });
    const nowMs = Number(EPOCH / 1_000_000n);
    const old = segmentName(nowMs - 1e9, 'other', 1);
    for (const name of [old, 'mine.trace.zst']) {
      await writeFile(join(folder, name), 'x');
      await utimes(join(folder, name), (nowMs - 1e9) / 1000, (nowMs - 1e9) / 1000);
    }
    const writer = createSegmentWriter(
      createSegmentFs(folder),
      options({ retention: { maxAgeMs: 1000, maxTotalBytes: undefined } }),
    );
    await writer.open(0);
    await writer.finish(1, emptyLoss());
    const names = await readdir(folder);
    assert.ok(!names.includes(old) && names.includes('mine.trace.zst') && names.length === 2);
  });
});
