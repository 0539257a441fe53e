import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSegmentFs, type SegmentFile, type SegmentFs } from '../../../src/capture/disk/segment-fs.ts';
import { createSegmentWriter, type SegmentWriter } from '../../../src/capture/op-log/segment-writer.ts';
import { createBlockBuilder, type EncodedBlock } from '../../../src/trace/block/block-builder.ts';
import { emptyHeader, emptyLoss } from '../../../src/trace/record/record.ts';
import { newFolder } from '../../support/folders.ts';
import { makeRecord } from '../make-record.ts';
import { readUntold } from '../read-untold.ts';
import { readOpLog, segmentsIn } from '../support.ts';

const EPOCH = 1_763_700_000_000_000_000n;
const dropped = (recordsDropped: number) => ({ ...emptyLoss(), recordsDropped });

function block(number: number, lost = 0): EncodedBlock {
  const builder = createBlockBuilder(EPOCH);
  builder.add(makeRecord({ startNs: number * 1e9, path: `/${number}` }));
  builder.addLoss(dropped(lost));
  return builder.close(number * 1e9);
}

async function writerOn(fs: SegmentFs): Promise<SegmentWriter> {
  const writer = createSegmentWriter(fs, {
    header: { ...emptyHeader(), epochUnixNs: EPOCH, sorted: false, source: 'capture', runId: 'run1' },
    maxAgeNs: 1e15,
    maxBytes: 1e12,
    retention: { maxAgeMs: undefined, maxTotalBytes: undefined },
    firstNumber: 1,
  });
  await writer.open(0);
  return writer;
}

/** The real folder, whose files do as `change` says. */
function changedFs(
  folder: string,
  change: (name: string, file: SegmentFile) => Partial<SegmentFile>,
): SegmentFs {
  const real = createSegmentFs(folder);
  return {
    ...real,
    async create(name) {
      const file = await real.create(name);
      return { ...file, ...change(name, file) };
    },
  };
}

const full = async (): Promise<never> => {
  throw Object.assign(new Error('ENOSPC: no'), { code: 'ENOSPC' });
};

describe('what no segment holds any more', () => {
  const tampering: Record<string, (folder: string, name: string) => Promise<unknown>> = {
    'the folder is removed': (folder) => rm(folder, { recursive: true }),
    'the folder is moved': (folder) => rename(folder, `${folder}.old`),
    'the folder is replaced': (folder) => rename(folder, `${folder}.old`).then(() => mkdir(folder)),
    'the file is removed': (folder, name) => unlink(join(folder, name)),
    'the file is moved': (folder, name) => rename(join(folder, name), join(folder, 'elsewhere')),
  };
  for (const [what, tamper] of Object.entries(tampering)) {
    for (const noticed of ['write', 'tick', 'finish'] as const) {
      it(`is told by the next segment when ${what}, noticed by the next ${noticed}`, async () => {
        const folder = join(newFolder(), 'log');
        const writer = await writerOn(createSegmentFs(folder));
        await writer.write(block(1, 5), 1e9); // 5 were lost before it: that was told only there
        await writer.write(block(2), 2e9);
        const [name] = await segmentsIn(folder);
        await tamper(folder, name as string);
        if (noticed === 'write') assert.ok(await writer.write(block(3), 2e9)); // at once
        if (noticed === 'tick') await writer.tick(3e9, emptyLoss());
        await writer.finish(4e9, emptyLoss());
        await rm(join(folder, 'elsewhere'), { force: true });
        const { records, loss } = await readOpLog(folder);
        assert.equal(loss.recordsDropped, 7);
        assert.equal(records.length, noticed === 'write' ? 1 : 0);
        assert.deepEqual([writer.stats.vanished, writer.stats.recordsVanished], [1, 7]);
        assert.ok(writer.stats.isClosed);
        assert.ok((await readdir(folder)).every((each) => !each.endsWith('.losses')));
      });
    }
  }

  it('is what lies behind the cut when a segment is cut', async () => {
    const folder = newFolder();
    const writer = await writerOn(createSegmentFs(folder));
    const ends: number[] = [];
    const [name] = await segmentsIn(folder);
    for (let i = 1; i <= 4; i++) {
      await writer.write(block(i), i * 1e9);
      ends.push((await createSegmentFs(folder).list()).find((file) => file.name === name)?.sizeBytes ?? 0);
    }
    await truncate(join(folder, name as string), (ends[1] as number) + 3);
    await writer.write(block(5), 5e9);
    await writer.finish(6e9, emptyLoss());
    const { records, loss } = await readOpLog(folder);
    assert.deepEqual(
      records.map(({ path }) => path),
      ['/1', '/2', '/5'],
    );
    assert.equal(loss.recordsDropped, 2);
  });

  it('goes on telling what one vanished segment told of another', async () => {
    const folder = join(newFolder(), 'log');
    const writer = await writerOn(createSegmentFs(folder));
    for (let i = 1; i <= 3; i++) {
      await writer.write(block(i), i * 1e9);
      await rm(folder, { recursive: true });
    }
    await writer.finish(5e9, emptyLoss());
    assert.equal((await readOpLog(folder)).loss.recordsDropped, 3);
  });

  it('stays in a file of its own when the disk is full to the end', async () => {
    const folder = newFolder();
    let isFull = false;
    const fs = changedFs(folder, (name, file) =>
      name.endsWith('.losses') ? {} : { write: (bytes, at) => (isFull ? full() : file.write(bytes, at)) },
    );
    const writer = await writerOn(fs);
    isFull = true;
    assert.equal(await writer.write(block(1), 1e9), false);
    await writer.tick(2e9, dropped(1));
    const [running] = await readUntold(folder);
    assert.deepEqual([running?.loss, running?.isEnded], [dropped(1), false], 'capture may be killed');
    await writer.finish(3e9, dropped(4));
    const [ended] = await readUntold(folder);
    assert.deepEqual([ended?.loss, ended?.isEnded, ended?.runId], [dropped(4), true, 'run1']);
    assert.deepEqual(
      [ended?.sinceUnixNs, ended?.untilUnixNs].map((unixNs) => Number((unixNs ?? 0n) - EPOCH)),
      [2e9, 3e9],
    );
    assert.equal(writer.stats.isClosed, false);
    assert.match(writer.stats.lossFile, /\.losses$/);
  });

  it('is taken out of that file again when a block tells it', async () => {
    const folder = newFolder();
    const writer = await writerOn(createSegmentFs(folder));
    await writer.tick(2e9, dropped(1));
    await writer.write(block(1, 1), 3e9);
    await writer.tick(4e9, emptyLoss());
    assert.deepEqual((await readUntold(folder))[0]?.loss, emptyLoss());
    await writer.finish(5e9, emptyLoss());
    assert.deepEqual(await readUntold(folder), []);
  });

  it('is said to be unknown where the disk failed when it had to keep what it took', async () => {
    const folder = newFolder();
    const fs = changedFs(folder, (name, file) =>
      name.includes('-000001.') ? { sync: full, close: file.close } : {},
    );
    const writer = await writerOn(fs);
    await writer.write(block(1), 1e9);
    await unlink(join(folder, (await segmentsIn(folder))[0] as string));
    await writer.write(block(2), 2e9);
    await writer.finish(3e9, emptyLoss());
    const { headers } = await readOpLog(folder);
    assert.match(headers[0]?.notes.join() ?? '', /-000001\.trace\.zst may lack records: .*ENOSPC/);
  });
});
