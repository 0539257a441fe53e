import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlockBuilder } from '../../../src/trace/block/block-builder.ts';
import { type BlockCursor, openBlock } from '../../../src/trace/block/block-cursor.ts';
import { mergeBlocks } from '../../../src/trace/block/merge-blocks.ts';
import { blocksBetween, type NumberedBlock } from '../../../src/trace/block/numbered-blocks.ts';
import { emptyHeader, emptyLoss, type TraceRecord } from '../../../src/trace/record/record.ts';
import type { BlockEntry } from '../../../src/trace/stats/trace-index.ts';
import { createFrameWriter } from '../../../src/trace/write/frame-writer.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { byStart, createMemorySink, makeRecord, readPath, readPiped, withFile } from '../support.ts';

/** Blocks of records at these starts; the path tells them apart. */
function makeBlocks(starts: readonly (readonly number[])[]): TraceRecord[][] {
  return starts.map((block, b) =>
    block.map((startNs, i) => makeRecord({ startNs, path: `/${b}/${i}` })).sort(byStart),
  );
}

const entryOf = (offset: number, firstStartNs: number, lastStartNs: number, records: number): BlockEntry => ({
  offset,
  compressedBytes: 10,
  rawBytes: 10,
  records,
  firstStartNs,
  lastStartNs,
  loss: emptyLoss(),
  opCounts: [],
  stats: new Uint8Array(0),
});

function encode(records: readonly TraceRecord[]): Uint8Array {
  const builder = createBlockBuilder(0n);
  for (const record of records) builder.add(record);
  return builder.close(0).raw;
}

/** The order a stable sort gives that takes the blocks by their first starts. */
function expectedOrder(blocks: readonly TraceRecord[][], plan: readonly NumberedBlock[]): TraceRecord[] {
  return plan.flatMap(({ entry }) => blocks[entry.offset] ?? []).sort(byStart);
}

interface MergeRun {
  records: TraceRecord[];
  opened: number[];
  batches: number[];
}

async function merge(
  blocks: readonly TraceRecord[][],
  options: { maxBlocks?: number } = {},
): Promise<MergeRun> {
  const raws = blocks.map(encode);
  const entries = blocks.map((block, i) =>
    entryOf(i, block[0]?.startNs ?? 0, block.at(-1)?.startNs ?? 0, block.length),
  );
  const run: MergeRun = { records: [], opened: [], batches: [] };
  const access = {
    open: async ({ entry }: NumberedBlock) => {
      run.opened.push(entry.offset);
      return openBlock(raws[entry.offset] ?? new Uint8Array(0), 0n);
    },
    advance: (_: NumberedBlock, cursor: BlockCursor) => cursor.advance(),
  };
  const plan = blocksBetween(entries);
  for await (const batch of mergeBlocks(plan, access, options)) {
    run.batches.push(batch.length);
    run.records.push(...batch);
  }
  assert.deepEqual(run.records.map(byPath), expectedOrder(blocks, plan).map(byPath));
  return run;
}

const byPath = ({ startNs, path }: TraceRecord) => `${startNs} ${path}`;

const overlapping = fc.array(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 12 }), {
  maxLength: 10,
});

test('merging blocks equals sorting their records', async () => {
  await fc.assert(fc.asyncProperty(overlapping, async (starts) => void (await merge(makeBlocks(starts)))));
});

test('with room for two blocks the merge is right too, whatever ties there are', async () => {
  await fc.assert(
    fc.asyncProperty(overlapping, async (starts) => {
      const blocks = makeBlocks(starts);
      const total = blocks.flat().length;
      const run = await merge(blocks, { maxBlocks: 2 }).catch(async () => {
        // Ties may come in another order when not all blocks that have one are open; the starts may not.
        const loose = await mergeStarts(blocks, 2);
        assert.deepEqual(
          loose,
          blocks
            .flat()
            .map(({ startNs }) => startNs)
            .sort((a, b) => a - b),
        );
        return undefined;
      });
      if (run) assert.equal(run.records.length, total);
    }),
  );
});

async function mergeStarts(blocks: readonly TraceRecord[][], maxBlocks: number): Promise<number[]> {
  const raws = blocks.map(encode);
  const entries = blocks.map((block, i) =>
    entryOf(i, block[0]?.startNs ?? 0, block.at(-1)?.startNs ?? 0, block.length),
  );
  const access = {
    open: async ({ entry }: NumberedBlock) => openBlock(raws[entry.offset] ?? new Uint8Array(0), 0n),
    advance: (_: NumberedBlock, cursor: BlockCursor) => cursor.advance(),
  };
  const starts: number[] = [];
  for await (const batch of mergeBlocks(blocksBetween(entries), access, { maxBlocks })) {
    starts.push(...batch.map(({ startNs }) => startNs));
  }
  return starts;
}

test('blocks in a row are opened once each, when they are due', async () => {
  const run = await merge(
    makeBlocks([
      [0, 1, 2],
      [3, 4],
      [5, 6],
    ]),
  );
  assert.deepEqual(run.opened, [0, 1, 2]);
});

test('a block that overlaps many is put aside and read again', async () => {
  const long = [0, 1000];
  const short = Array.from({ length: 5 }, (_, i) => [i * 10 + 1, i * 10 + 2, i * 10 + 500]);
  const run = await merge(makeBlocks([long, ...short]), { maxBlocks: 3 });
  assert.ok(run.opened.filter((block) => block === 0).length > 1);
});

test('batches are full while there are records', async () => {
  const blocks = makeBlocks(
    Array.from({ length: 30 }, (_, b) => Array.from({ length: 50 }, (_, i) => b * 25 + i)),
  );
  const { batches } = await merge(blocks);
  assert.deepEqual(batches, [...Array(11).fill(128), 92]);
});

test('the plan takes the blocks a range touches, by first start', () => {
  const blocks = [entryOf(0, 50, 90, 1), entryOf(1, 0, 10, 1), entryOf(2, 5, 60, 1), entryOf(3, 20, 20, 0)];
  const plan = (fromNs?: number, toNs?: number) =>
    blocksBetween(blocks, fromNs, toNs).map(({ number }) => number);
  assert.deepEqual(plan(), [1, 2, 0]);
  assert.deepEqual(plan(10), [1, 2, 0]);
  assert.deepEqual(plan(11), [2, 0]);
  assert.deepEqual(plan(0, 5), [1]);
  assert.deepEqual(plan(61, 1000), [0]);
  assert.deepEqual(plan(91), []);
});

async function writeBlocks(blocks: readonly TraceRecord[][], sorted: boolean): Promise<Buffer> {
  const sink = createMemorySink();
  const writer = createFrameWriter(sink, { ...emptyHeader(), sorted });
  for (const block of blocks) {
    const builder = createBlockBuilder(0n);
    for (const record of block) builder.add(record);
    await writer.append(builder.close(0));
  }
  await writer.finish(0);
  return sink.bytes;
}

test('a file and a pipe with overlapping blocks give records in order; nothing is late while the window holds', async () => {
  await fc.assert(
    fc.asyncProperty(overlapping, fc.boolean(), async (starts, sorted) => {
      const blocks = makeBlocks(starts);
      if (sorted) blocks.sort((a, b) => (a[0]?.startNs ?? 0) - (b[0]?.startNs ?? 0));
      const bytes = await writeBlocks(blocks, sorted);
      const expected = blocks
        .flat()
        .map(({ startNs }) => startNs)
        .sort((a, b) => a - b);
      for (const read of [await withFile(bytes, readPath), await readPiped(bytes)]) {
        assert.deepEqual(
          read.records.map(({ startNs }) => startNs),
          expected,
        );
        assert.equal(read.loss.recordsLate, 0);
      }
    }),
    { numRuns: runs(40) },
  );
});

test('what falls out of the window of a pipe is counted and told, and not lost from a file', async () => {
  const late = makeRecord({ startNs: 1, path: '/late' });
  const blocks = [...makeBlocks(Array.from({ length: 40 }, (_, i) => [i * 10 + 5, i * 10 + 6])), [late]];
  const bytes = await writeBlocks(blocks, false);
  const piped = await readPiped(bytes);
  assert.equal(piped.records.length, 80);
  assert.equal(piped.loss.recordsLate, 1);
  assert.match(piped.warnings.join(), /1 records were too far out of order/);
  const read = await withFile(bytes, readPath);
  assert.deepEqual(read.records[0], late);
  assert.equal(read.records.length, 81);
});

test('a sorted trace refuses a block that starts before the one in front', async () => {
  await assert.rejects(writeBlocks(makeBlocks([[5], [4]]), true), { code: 'bad_record', message: /sorted/ });
});
