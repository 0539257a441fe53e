import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { EngramTraceError } from '../../src/error.ts';
import { openTraceFile } from '../../src/trace/read/trace-file.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { repairTrace } from '../../src/trace/write/repair.ts';
import { withFolder } from '../support/folders.ts';
import { endOfBlocks, frames, OPTIONS, RECORDS, unfinished, whole } from './damaged-sample.ts';
import { createMemorySink, type ReadResult, readPath, readPiped, withFile, writeTrace } from './support.ts';

/** An eighth of the damage takes seconds; `ENGRAM_TRACE_TEST_FULL=1` cuts at every byte and flips 10,300. */
const STEP = process.env['ENGRAM_TRACE_TEST_FULL'] ? 1 : 8;

/** Every byte near the end of a frame, where a cut changes what is closed, and each STEP-th of the others. */
function cutsToTry(): number[] {
  const ends = frames.map((_, i) => frames.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
  const isNearEnd = (length: number) => ends.some((end) => Math.abs(end - length) <= 2);
  return Array.from({ length: whole.length }, (_, length) => length).filter(
    (length) => length % STEP === 0 || isNearEnd(length),
  );
}

/** Mulberry32: the same flips in every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

async function attempt(read: () => Promise<ReadResult>): Promise<ReadResult | EngramTraceError> {
  try {
    return await read();
  } catch (error) {
    assert.ok(error instanceof EngramTraceError, `not an error of ours: ${(error as Error).stack}`);
    assert.notEqual(error.code, 'internal');
    assert.notEqual(error.message, '');
    return error;
  }
}

function assertPrefix(records: readonly TraceRecord[], message: string): void {
  assert.ok(isDeepStrictEqual(records, RECORDS.slice(0, records.length)), message);
}

test('the sample has the frames these tests are about', () => {
  assert.equal(frames.length, 6);
  assert.ok(endOfBlocks < whole.length);
});

test('cut at any byte: all closed blocks are read, with a warning, from file and pipe', async () => {
  const closedAt = (length: number) => {
    let end = frames[0] ?? 0;
    let blocks = 0;
    while (blocks < 3 && end + (frames[blocks + 1] ?? 0) <= length) end += frames[++blocks] ?? 0;
    return blocks;
  };
  await withFolder(async (folder) => {
    const path = join(folder, 'cut');
    for (const length of cutsToTry()) {
      const bytes = whole.subarray(0, length);
      await writeFile(path, bytes);
      for (const read of [() => readPath(path), () => readPiped(bytes)]) {
        const result = await attempt(read);
        if (length < (frames[0] ?? 0)) {
          assert.ok(result instanceof EngramTraceError, `${length} bytes`);
          assert.ok(
            ['empty', 'corrupt', 'not_a_trace'].includes(result.code),
            `${length} bytes: ${result.code}`,
          );
          continue;
        }
        assert.ok(!(result instanceof EngramTraceError), `${length} bytes: ${String(result)}`);
        assert.equal(result.records.length, closedAt(length) * 10, `${length} bytes`);
        assertPrefix(result.records, `${length} bytes`);
        // A pipe can't know that the seek table is cut: nothing it needs is missing.
        if (read.length === 0 && length <= endOfBlocks)
          assert.notEqual(result.warnings.length, 0, `${length} bytes`);
      }
    }
  });
});

test('a flipped byte anywhere in a finished file: the same records, or an error', async () => {
  const random = createRandom(1);
  let errors = 0;
  await withFolder(async (folder) => {
    const path = join(folder, 'flipped');
    for (let round = 0; round < 1600 / STEP; round++) {
      const bytes = Buffer.from(whole);
      const at = random(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 + random(255));
      await writeFile(path, bytes);
      const result = await attempt(() => readPath(path));
      const label = `byte ${at} becomes ${bytes[at]}`;
      if (result instanceof EngramTraceError) errors++;
      else assert.ok(isDeepStrictEqual(result.records, RECORDS), label);
    }
  });
  assert.ok(errors > 300 / STEP, `${errors} errors: the flips do not reach the blocks`);
});

test('a flipped byte anywhere, from a pipe: the same records, or an error, or a cut the warning tells', async () => {
  const random = createRandom(2);
  for (let round = 0; round < 8000 / STEP; round++) {
    const bytes = Buffer.from(round % 2 === 0 ? whole : unfinished);
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + random(255));
    const result = await attempt(() => readPiped(bytes, {}, 1 << 16));
    if (result instanceof EngramTraceError) continue;
    const label = `round ${round}, byte ${at} becomes ${bytes[at]}`;
    assertPrefix(result.records, label);
    if (result.records.length < RECORDS.length) assert.notEqual(result.warnings.length, 0, label);
  }
});

test('a flipped byte in an unfinished file, damage skipped: whole blocks only, and the loss is told', async () => {
  const random = createRandom(3);
  await withFolder(async (folder) => {
    const path = join(folder, 'flipped');
    for (let round = 0; round < 700 / STEP; round++) {
      const bytes = Buffer.from(unfinished);
      const at = random(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 + random(255));
      await writeFile(path, bytes);
      const result = await attempt(() => readPath(path, { onDamage: 'skip' }));
      if (result instanceof EngramTraceError) {
        assert.ok(at < (frames[0] ?? 0), `byte ${at}: ${result.message}`);
        continue;
      }
      const kept = new Set(result.records.map(({ startNs }) => startNs));
      assert.ok(
        isDeepStrictEqual(
          result.records,
          RECORDS.filter(({ startNs }) => kept.has(startNs)),
        ),
      );
      assert.ok(result.records.length > 15, `byte ${at}: ${result.records.length} records`);
      const told = result.loss.blocksDamaged > 0 || result.warnings.some((text) => text.includes('cut off'));
      assert.equal(told, result.records.length < 30, `byte ${at}`);
    }
  });
});

test('a damaged block is an error that names it, or is skipped and counted', async () => {
  const bytes = Buffer.from(whole);
  const at = frames.slice(0, 2).reduce((sum, size) => sum + size, 0);
  bytes.fill(0xaa, at + 20, at + 40);
  await withFile(bytes, async (path) => {
    await assert.rejects(readPath(path), (error: EngramTraceError) => {
      assert.equal(error.code, 'corrupt');
      assert.equal(error.where, `${path}, block 1 at byte ${at}`);
      assert.match(error.hint ?? '', /--skip-damaged.*repair/);
      return true;
    });
    const skipped = await readPath(path, { onDamage: 'skip' });
    assert.deepEqual(skipped.records, [...RECORDS.slice(0, 10), ...RECORDS.slice(20)]);
    assert.equal(skipped.loss.blocksDamaged, 1);
    assert.equal(skipped.loss.recordsDamaged, 10);
  });
});

async function repair(path: string) {
  const sink = createMemorySink();
  const report = await repairTrace(path, sink);
  assert.ok(sink.isClosed);
  return { report, bytes: sink.bytes };
}

test('repair gives an unfinished file an index, and the records are equal', async () => {
  const cut = whole.subarray(0, endOfBlocks - 5);
  await withFile(cut, async (path) => {
    const { report, bytes } = await repair(path);
    assert.deepEqual([report.blocks, report.records, report.blocksDamaged], [2, 20, 0]);
    assert.equal(report.bytesCutOff, (frames[3] ?? 0) - 5);
    await withFile(bytes, async (repaired) => {
      const read = await readPath(repaired);
      assert.deepEqual(read.records, RECORDS.slice(0, 20));
      assert.deepEqual(read.warnings, []);
      assert.match(read.header.notes.join(), /unfinished block/);
    });
  });
});

test('repair of a whole file gives the same index', async () => {
  await withFile(whole, async (path) => assert.deepEqual((await repair(path)).bytes, whole));
});

test('repair of a file that was never closed gives the index it would have, and keeps that fact', async () => {
  const indexOf = async (path: string) => {
    const file = await openTraceFile(path);
    await file.close();
    const offsets = file.index.blocks.map(({ offset }) => offset - (file.index.blocks[0]?.offset ?? 0));
    const blocks = file.index.blocks.map((entry, i) => ({ ...entry, offset: offsets[i] }));
    return { notes: file.header.notes, index: { ...file.index, blocks } };
  };
  await withFile(unfinished, async (path) => {
    const { bytes } = await repair(path);
    const repaired = await withFile(bytes, indexOf);
    const expected = await withFile(whole, indexOf);
    assert.deepEqual(repaired.index, expected.index);
    assert.deepEqual(expected.notes, []);
    assert.equal(repaired.notes.length, 1);
    assert.match(repaired.notes.join(), /was not closed: .*capture was killed/);
  });
  await withFile(whole, async (path) => assert.equal((await repair(path)).report.wasWhole, true));
});

test('repair leaves damaged blocks out and says so in losses and notes', async () => {
  const bytes = Buffer.from(whole);
  bytes.fill(0, (frames[0] ?? 0) + 10, (frames[0] ?? 0) + 14);
  await withFile(bytes, async (path) => {
    const { report, bytes: output } = await repair(path);
    assert.deepEqual([report.blocks, report.blocksDamaged, report.recordsDamaged], [2, 1, 10]);
    await withFile(output, async (repaired) => {
      const read = await readPath(repaired);
      assert.deepEqual(read.records, RECORDS.slice(10));
      assert.deepEqual([read.loss.blocksDamaged, read.loss.recordsDamaged], [1, 10]);
      assert.match(read.header.notes.join(), /damaged/);
    });
  });
});

test('repair rebuilds a lost header from the blocks', async () => {
  const header = { epochUnixNs: 1_700_000_000_000_000_007n };
  const bytes = await writeTrace(RECORDS, header, OPTIONS);
  bytes[20] = (bytes[20] ?? 0) ^ 0xff;
  await withFile(bytes, async (path) => {
    await assert.rejects(readPath(path), { code: 'corrupt' });
    const { report, bytes: output } = await repair(path);
    assert.equal(report.headerLost, true);
    await withFile(output, async (repaired) => {
      const read = await readPath(repaired);
      assert.deepEqual(read.records, RECORDS);
      assert.equal(read.header.epochUnixNs, header.epochUnixNs);
      assert.match(read.header.notes.join(), /header was lost/);
    });
  });
});

test('without an index the same entries are found by a scan', async () => {
  const indexed = await withFile(whole, async (path) => {
    const file = await openTraceFile(path);
    await file.close();
    return file;
  });
  await withFile(unfinished, async (path) => {
    const scanned = await openTraceFile(path);
    assert.equal(scanned.indexSource, 'scan');
    assert.match(scanned.warnings.join(), /no index/);
    assert.deepEqual(scanned.index, indexed.index);
    await scanned.close();
  });
});

test('bytes behind the end are ignored with a warning', async () => {
  await withFile(Buffer.concat([whole, Buffer.from('\nlog line\n')]), async (path) => {
    const read = await readPath(path);
    assert.deepEqual(read.records, RECORDS);
    assert.match(read.warnings.join(), /last 10 bytes/);
  });
  const piped = await readPiped(Buffer.concat([whole, Buffer.from('\nlog line\n')]));
  assert.deepEqual(piped.records, RECORDS);
  assert.match(piped.warnings.join(), /last 10 bytes/);
});
