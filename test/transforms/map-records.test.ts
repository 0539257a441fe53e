import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import type { RecordMap, TraceRecord } from '../../src/trace/record/record.ts';
import { mapRecords } from '../../src/transforms/map-records.ts';
import { mapTrace } from '../../src/transforms/map-trace.ts';
import fc from '../support/fast-check.ts';
import { collect, lossOf, makeRecord, withFile, writeTrace } from '../trace/support.ts';

async function* inBatches(records: readonly TraceRecord[], size: number): AsyncGenerator<TraceRecord[]> {
  for (let i = 0; i < records.length; i += size) yield records.slice(i, i + size);
}

async function mapped(records: readonly TraceRecord[], map: RecordMap, size = 3) {
  const made: TraceRecord[] = [];
  for await (const batch of mapRecords(inBatches(records, size), map)) {
    assert.ok(batch.length > 0, 'no batch is empty');
    made.push(...batch);
  }
  return made;
}

const seen = (records: readonly TraceRecord[]) => records.map(({ startNs, session }) => [startNs, session]);
const at = (startNs: number, session = 'c') => makeRecord({ startNs, session });

test('whatever a map makes of records, at their time or later, comes in the order of starts and of making', async () => {
  const offsets = fc.array(fc.nat({ max: 20 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 5 }), offsets), { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      async (steps, size) => {
        let nowNs = 0;
        const records = steps.map(([gap], i) => {
          nowNs += gap;
          return at(nowNs, String(i));
        });
        const makeOf = ({ startNs, session }: TraceRecord) =>
          (steps[Number(session)]?.[1] ?? []).map((offset, k) => at(startNs + offset, `${session}.${k}`));
        const expected = records.flatMap(makeOf).sort((a, b) => a.startNs - b.startNs);
        const map: RecordMap = (record) => {
          const made = makeOf(record);
          return made.length > 1 ? made : made[0];
        };
        assert.deepEqual(seen(await mapped(records, map, size)), seen(expected));
      },
    ),
  );
});

test('all records may move to earlier, and one that would have to overtake is refused', async () => {
  const earlier = await mapped([at(10), at(11), at(15)], (record) => ({
    ...record,
    startNs: record.startNs - 10,
  }));
  assert.deepEqual(
    earlier.map(({ startNs }) => startNs),
    [0, 1, 5],
  );
  const overtaking: RecordMap = (record) => ({
    ...record,
    startNs: record.startNs === 15 ? 3 : record.startNs,
  });
  await assert.rejects(mapped([at(10), at(15)], overtaking), {
    code: 'usage',
    message: 'a map made a record (recall) that starts at 3 ns, behind one that starts at 10 ns',
  });
  for (const startNs of [Number.NaN, 0.5, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
    await assert.rejects(
      mapped([at(10)], (record) => ({ ...record, startNs })),
      { message: /no whole number/ },
    );
});

test('what waits is bounded', async () => {
  const body = new Uint8Array(30 * 2 ** 20);
  const much: RecordMap = (record) => ({ ...record, body, startNs: record.startNs + 1e9 });
  await assert.rejects(mapped([at(0), at(1), at(2)], much), {
    code: 'usage',
    message: /64 MiB .* would wait/,
  });
});

test('what was made before an error comes first', async () => {
  async function* failing() {
    yield [at(1), at(2)];
    throw new Error('the disk is gone');
  }
  const made: TraceRecord[] = [];
  const read = async () => {
    for await (const batch of mapRecords(failing(), (record) => [record, { ...record, startNs: 9 }])) {
      made.push(...batch);
    }
  };
  await assert.rejects(read(), /disk is gone/);
  assert.deepEqual(
    made.map(({ startNs }) => startNs),
    [1, 2, 9, 9],
  );
});

test('a mapped trace is a trace: its bounds hold for what was made, its losses are those of the other', async () => {
  const bytes = await writeTrace(
    [0, 10, 20, 30].map((ns) => at(ns)),
    {},
    { loss: lossOf({ recordsDropped: 3 }) },
  );
  await withFile(bytes, async (path) => {
    const twice = mapTrace(await openTrace(path), (record) =>
      record.startNs === 20 ? undefined : [record, { ...record, startNs: record.startNs + 15 }],
    );
    assert.deepEqual([twice.index, twice.hints, twice.seekable], [undefined, {}, true]);
    const starts: number[] = [];
    for await (const batch of twice.records({ fromNs: 10, toNs: 31 })) {
      starts.push(...batch.map(({ startNs }) => startNs));
    }
    assert.deepEqual(starts, [10, 15, 25, 30]);
    const { records, loss } = await collect(twice);
    assert.equal(records.length, 6);
    assert.equal(loss.recordsDropped, 3);
  });
});
