import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNdjsonWriter } from '../../src/trace/ndjson/ndjson-writer.ts';
import { emptyHeader, type TraceHeader, type TraceRecord } from '../../src/trace/record/record.ts';
import fc, { runs } from '../support/fast-check.ts';
import {
  byStart,
  createMemorySink,
  lossOf,
  makeRecord,
  readPath,
  readPiped,
  records,
  withFile,
  writeTrace,
} from './support.ts';

const sortedRecords = fc.array(records(), { maxLength: 30 }).map((list) => list.sort(byStart));

async function writeNdjson(
  list: readonly TraceRecord[],
  compress: boolean,
  header = emptyHeader(),
): Promise<Buffer> {
  const sink = createMemorySink();
  const writer = createNdjsonWriter(sink, header, { compress });
  await writer.write(list);
  await writer.finish();
  return sink.bytes;
}

test('what is written as a trace file is read again, from a file and from a pipe', async () => {
  await fc.assert(
    fc.asyncProperty(sortedRecords, fc.integer({ min: 1, max: 3000 }), async (list, maxBlockBytes) => {
      const bytes = await writeTrace(list, {}, { maxBlockBytes });
      const fromFile = await withFile(bytes, readPath);
      assert.deepEqual(fromFile.records, list);
      assert.deepEqual(fromFile.warnings, []);
      const fromPipe = await readPiped(bytes);
      assert.deepEqual(fromPipe.records, list);
      assert.deepEqual(fromPipe.warnings, []);
    }),
    { numRuns: runs(60) },
  );
});

test('binary to NDJSON and back changes nothing, plain or compressed', async () => {
  await fc.assert(
    fc.asyncProperty(sortedRecords, fc.boolean(), async (list, compress) => {
      const read = await withFile(await writeTrace(list), readPath);
      const lines = await writeNdjson(read.records, compress);
      const again = await withFile(lines, readPath);
      assert.deepEqual(again.records, list);
      assert.deepEqual((await readPiped(lines)).records, list);
      assert.deepEqual(await writeTrace(again.records), await writeTrace(list));
    }),
    { numRuns: runs(40) },
  );
});

const FULL_HEADER: TraceHeader = {
  ...emptyHeader(),
  epochUnixNs: 1_754_000_000_123_456_789n,
  resolutionNs: 1_000_000,
  sorted: true,
  tool: 'engram-trace 0.1.0',
  source: 'export',
  origins: ['engram:7432', '[::1]:50051'],
  redacted: ['header:authorization'],
  dialect: 'engram',
  window: { startNs: -5, endNs: 3_600_000_000_000 },
  gaps: [{ startNs: 10, endNs: 20, reason: 'capture was restarted' }],
  notes: ['größe ✓'],
  loss: lossOf({ recordsDropped: 3, recordsDamaged: 1 }),
  runId: 'r-1',
  openedNs: -17,
};

test('every field of the header survives, in both forms', async () => {
  const bytes = await writeTrace([makeRecord()], FULL_HEADER);
  assert.deepEqual((await withFile(bytes, readPath)).header, FULL_HEADER);
  assert.deepEqual((await readPiped(bytes)).header, FULL_HEADER);
  const lines = await writeNdjson([makeRecord()], false, FULL_HEADER);
  assert.deepEqual((await withFile(lines, readPath)).header, FULL_HEADER);
});

test("losses are kept per block, in total, and with the header's", async () => {
  const header = { loss: lossOf({ recordsDropped: 1 }) };
  const bytes = await writeTrace([makeRecord()], header, {
    loss: lossOf({ bodiesTruncated: 2, bodyBytesTruncated: 99 }),
  });
  const expected = lossOf({ recordsDropped: 1, bodiesTruncated: 2, bodyBytesTruncated: 99 });
  assert.deepEqual((await withFile(bytes, readPath)).loss, expected);
  assert.deepEqual((await readPiped(bytes)).loss, expected);
});

test('losses alone make a block', async () => {
  const bytes = await writeTrace([], {}, { loss: lossOf({ recordsDropped: 7 }) });
  const read = await withFile(bytes, readPath);
  assert.deepEqual(read.records, []);
  assert.equal(read.loss.recordsDropped, 7);
});

test('a trace without records is a trace', async () => {
  const read = await withFile(await writeTrace([]), readPath);
  assert.deepEqual(read.records, []);
  assert.deepEqual(read.warnings, []);
});

test('equal headers become one array per block', async () => {
  const list = [0, 1, 2].map((startNs) => makeRecord({ startNs, headers: ['host', 'a', 'accept', '*/*'] }));
  const read = await withFile(await writeTrace(list), readPath);
  assert.equal(read.records[0]?.headers, read.records[2]?.headers);
});

test("numbers the format can't hold are refused and do not spoil the block", async () => {
  const good = makeRecord({ startNs: 1 });
  for (const bad of [
    makeRecord({ startNs: 0.5 }),
    makeRecord({ durationNs: -1 }),
    makeRecord({ bodyBytesMissing: Number.NaN }),
    makeRecord({ deadlineNs: 2 ** 60 }),
  ]) {
    await assert.rejects(writeTrace([bad]), { name: 'EngramTraceError', code: 'bad_record' });
  }
  assert.deepEqual((await withFile(await writeTrace([good]), readPath)).records, [good]);
});

test('a range of time is read, and only that', async () => {
  const list = Array.from({ length: 100 }, (_, i) => makeRecord({ startNs: i * 1000, path: `/${i}` }));
  const bytes = await writeTrace(list, {}, { maxBlockBytes: 200 });
  const expected = list.slice(20, 55);
  const range = { fromNs: 20_000, toNs: 55_000 };
  assert.deepEqual((await withFile(bytes, (path) => readPath(path, range))).records, expected);
  assert.deepEqual((await readPiped(bytes, range)).records, expected);
  const lines = await writeNdjson(list, true);
  assert.deepEqual((await withFile(lines, (path) => readPath(path, range))).records, expected);
});
