import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { createNumberedSource } from '../../../src/replay-run/source/numbered-source.ts';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import { createFileSink } from '../../../src/trace/file/file-sink.ts';
import { createNdjsonWriter } from '../../../src/trace/ndjson/ndjson-writer.ts';
import { emptyHeader, type TraceRecord } from '../../../src/trace/record/record.ts';
import type { Trace } from '../../../src/trace/trace.ts';
import { createTraceWriter } from '../../../src/trace/write/create-trace-writer.ts';
import type { TimeRange } from '../../../src/transforms/time-range.ts';
import { MS, makeRecord } from '../../results/support.ts';
import { newFolder } from '../../support/folders.ts';

const COUNT = 2000;

describe('NumberedSource', () => {
  let folder: string;
  const records = Array.from({ length: COUNT }, (_, i) =>
    // Every value twice, so that a bound falls between equals; some long before others are written.
    makeRecord({ startNs: Math.floor(i / 2) * MS, session: `s${i}`, path: `/${i}` }),
  );

  before(async () => {
    folder = newFolder();
    const header = { ...emptyHeader(), epochUnixNs: 1_700_000_000_000_000_000n };
    const indexed = createTraceWriter(await createFileSink(join(folder, 'a.trace.zst')), header, {
      maxBlockBytes: 4000,
    });
    const lines = createNdjsonWriter(await createFileSink(join(folder, 'a.ndjson')), header);
    for (const writer of [indexed, lines]) {
      await writer.write(records);
      await writer.finish();
    }
  });

  async function read(trace: Trace, range: TimeRange, passes = 1): Promise<[number, TraceRecord][]> {
    const source = createNumberedSource(trace, range, 'throw');
    const seen: TraceRecord[] = [];
    for (let pass = 0; pass < passes; pass++) {
      for await (const batch of source.open()) seen.push(...batch);
    }
    assert.equal(source.recordsRead, seen.length);
    return seen.map((record, i) => [source.recordNumber(i), record]);
  }

  const ranges: [string, TimeRange, number, number][] = [
    ['all of it', {}, 0, COUNT],
    ['from the middle', { from: { offsetNs: 501 * MS } }, 1002, COUNT],
    ['from between two records', { from: { offsetNs: 500.5 * MS } }, 1002, COUNT],
    ['a window', { from: { offsetNs: 123 * MS }, to: { offsetNs: 456 * MS } }, 246, 912],
    ['up to a time', { to: { offsetNs: 10 * MS } }, 0, 20],
    ['wall-clock times', { from: { unixNs: 1_700_000_000_300_000_000n } }, 600, COUNT],
    ['nothing', { from: { offsetNs: 1e15 } }, 0, 0],
  ];
  for (const name of ['a.trace.zst', 'a.ndjson']) {
    for (const [what, range, first, end] of ranges) {
      it(`${name}: ${what} has the numbers of the whole file`, async () => {
        const trace = await openTrace(join(folder, name));
        const seen = await read(trace, range);
        await trace.close();
        assert.deepEqual(
          seen.map(([number, record]) => [number, record.path]),
          records.slice(first, end).map(({ path }) => [Number(path.slice(1)), path]),
        );
      });
    }

    it(`${name}: numbers begin again with each pass`, async () => {
      const trace = await openTrace(join(folder, name));
      const seen = await read(trace, { from: { offsetNs: 900 * MS } }, 3);
      await trace.close();
      assert.equal(seen.length, 3 * 200);
      for (const [number, record] of seen) assert.equal(`/${number}`, record.path);
    });
  }

  it('refuses a range that ends before it starts', async () => {
    const trace = await openTrace(join(folder, 'a.trace.zst'));
    await assert.rejects(
      read(trace, { from: { offsetNs: 5 }, to: { offsetNs: 4 } }),
      /ends before it starts/,
    );
    await trace.close();
  });
});
