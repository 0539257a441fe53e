import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTraceWriter } from '../../src/trace/create-trace-writer.ts';
import { EngramTraceError } from '../../src/trace/error.ts';
import { createNdjsonWriter } from '../../src/trace/ndjson-writer.ts';
import { openTraceFile } from '../../src/trace/trace-file.ts';
import { createMemorySink, FIXTURES, readPath, readPiped } from './support.ts';

// The golden pair fixes the format: what these bytes mean may never change. `hostile/` is what readers must survive.

const path = (name: string) => fileURLToPath(new URL(name, FIXTURES));

test('the golden trace says what its NDJSON twin says', async () => {
  const binary = await readPath(path('golden.trace.zst'));
  const lines = await readPath(path('golden.ndjson'));
  assert.deepEqual(binary.records, lines.records);
  assert.deepEqual(binary.header, lines.header);
  assert.deepEqual(binary.loss, lines.loss);
  assert.deepEqual([...binary.warnings, ...lines.warnings], []);
  assert.ok(binary.records.length > 5);
});

test('the golden trace has the index it always had', async () => {
  const file = await openTraceFile(path('golden.trace.zst'));
  const { totals, blocks, closedNs } = file.index;
  const summary = {
    indexSource: file.indexSource,
    closedNs,
    blocks: blocks.map(({ records, firstStartNs, lastStartNs, rawBytes }) => ({
      records,
      firstStartNs,
      lastStartNs,
      rawBytes,
    })),
    ops: Object.fromEntries(totals.ops.map((op) => [op, totals.stats.ops.get(op)?.count])),
    sessions: totals.stats.sessionHashes,
    dispersion: [totals.dispersion10Ms, totals.dispersion100Ms],
    loss: totals.loss,
  };
  await file.close();
  assert.deepEqual(summary, JSON.parse(readFileSync(path('golden.index.json'), 'utf8')));
});

test('both twins are written again as they are', async () => {
  const { records, header } = await readPath(path('golden.ndjson'));
  const trace = createMemorySink();
  const lines = createMemorySink();
  const writers = [
    createTraceWriter(trace, header, { maxBlockSpanNs: 1_000_000 }),
    createNdjsonWriter(lines, header),
  ];
  for (const writer of writers) {
    await writer.write(records);
    writer.addLoss({ ...header.loss, recordsDropped: 0, bodiesTruncated: 1, bodyBytesTruncated: 4 });
    await writer.finish();
  }
  assert.deepEqual(lines.bytes, readFileSync(path('golden.ndjson')));
  // Not byte for byte: another zstd may compress better.
  const again = await readPiped(trace.bytes);
  assert.deepEqual([again.records, again.header], [records, header]);
});

for (const name of readdirSync(path('hostile')).sort()) {
  test(`hostile/${name} ends in the error its name tells`, async () => {
    const [code] = name.split('.');
    await assert.rejects(readPath(path(`hostile/${name}`)), (error) => {
      assert.ok(error instanceof EngramTraceError, String(error));
      assert.equal(error.code, code?.replace(/-.*/, ''));
      assert.ok(error.where?.includes(name));
      return true;
    });
  });
}
