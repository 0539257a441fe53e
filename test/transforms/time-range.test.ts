import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyHeader, emptyLoss, type TimeWindow, type TraceRecord } from '../../src/trace/record/record.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { derivedHeader, type FilterReport, filterTrace } from '../../src/transforms/filter-trace.ts';
import { recordsBetween, type TimeRange } from '../../src/transforms/time-range.ts';
import { makeRecord } from '../sources/make-op-log.ts';
import fc from '../support/fast-check.ts';

const EPOCH = 1_000_000n;

/** A trace in memory, in batches of three; counts how many batches were taken. */
function memoryTrace(starts: readonly number[], window?: TimeWindow): Trace & { taken: number } {
  const records = [...starts].sort((a, b) => a - b).map((startNs) => makeRecord(startNs));
  const trace = {
    name: 'memory',
    format: 'ndjson' as const,
    header: { ...emptyHeader(), epochUnixNs: EPOCH, window, loss: { ...emptyLoss(), recordsDropped: 2 } },
    index: undefined,
    hints: {},
    seekable: false,
    warnings: [],
    loss: { ...emptyLoss(), recordsDropped: 2, recordsLate: 5 },
    taken: 0,
    async *records({ fromNs = -Infinity, toNs = Infinity } = {}) {
      const wanted = records.filter((record) => record.startNs >= fromNs && record.startNs < toNs);
      for (let i = 0; i < wanted.length; i += 3) {
        trace.taken++;
        yield wanted.slice(i, i + 3);
      }
    },
    close: async () => {},
  };
  return trace;
}

async function startsBetween(trace: Trace, range: TimeRange): Promise<number[]> {
  const starts: number[] = [];
  for await (const batch of recordsBetween(trace, range)) {
    assert.ok(batch.length > 0);
    starts.push(...batch.map((record) => record.startNs));
  }
  return starts;
}

test('offsets count from the window, or from the first record where there is none', async () => {
  const starts = [100, 110, 120, 130];
  const range = { from: { offsetNs: 10 }, to: { offsetNs: 30 } };
  assert.deepEqual(await startsBetween(memoryTrace(starts), range), [110, 120]);
  assert.deepEqual(await startsBetween(memoryTrace(starts, { startNs: 95, endNs: 200 }), range), [110, 120]);
  assert.deepEqual(await startsBetween(memoryTrace(starts, { startNs: 90, endNs: 200 }), range), [100, 110]);
});

test('wall-clock times and offsets may be mixed', async () => {
  const range = { from: { unixNs: EPOCH + 110n }, to: { offsetNs: 30 } };
  assert.deepEqual(await startsBetween(memoryTrace([100, 110, 120, 130]), range), [110, 120]);
});

test('reading ends with the range', async () => {
  const trace = memoryTrace([...Array(3000).keys()]);
  assert.deepEqual(await startsBetween(trace, { to: { offsetNs: 2 } }), [0, 1]);
  assert.ok(trace.taken <= 2);
});

test('any range of any trace is what comparing the starts gives', async () => {
  const starts = fc.array(fc.nat(50), { maxLength: 20 });
  const property = fc.asyncProperty(
    starts,
    fc.nat(60),
    fc.integer({ min: 1, max: 60 }),
    async (all, from, length) => {
      const first = Math.min(...all);
      const found = await startsBetween(memoryTrace(all), {
        from: { offsetNs: from },
        to: { offsetNs: from + length },
      });
      const expected = all
        .filter((ns) => ns >= first + from && ns < first + from + length)
        .sort((a, b) => a - b);
      assert.deepEqual(found, expected);
    },
  );
  await fc.assert(property);
});

test('a range that ends before it starts is refused', async () => {
  const range = { from: { offsetNs: 5 }, to: { offsetNs: 5 } };
  await assert.rejects(startsBetween(memoryTrace([1]), range), { code: 'usage' });
});

interface Written {
  starts: number[];
  loss: ReturnType<typeof emptyLoss>;
  report: FilterReport;
}

async function filtered(trace: Trace, plan: Parameters<typeof filterTrace>[2]): Promise<Written> {
  const written: Written = {
    starts: [],
    loss: emptyLoss(),
    report: { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 },
  };
  const writer = {
    write: async (batch: readonly TraceRecord[]) => void written.starts.push(...batch.map((r) => r.startNs)),
    addLoss(loss: typeof written.loss) {
      for (const key of Object.keys(loss) as (keyof typeof loss)[]) written.loss[key] += loss[key];
    },
    flush: async () => {},
    finish: async () => {},
  };
  await filterTrace(trace, trace.records(), plan, writer, written.report);
  return written;
}

test('losses met while reading are handed on once; what is sampled out is added', async () => {
  const trace = memoryTrace([1, 2, 3, 4]);
  const sample = { keep: () => true, sample: () => false };
  const { starts, loss, report } = await filtered(trace, sample);
  assert.deepEqual(starts, []);
  assert.deepEqual(report, { recordsRead: 4, recordsKept: 0, recordsSampledOut: 4 });
  assert.deepEqual(loss, { ...emptyLoss(), recordsLate: 5, recordsSampledOut: 4 });
  assert.equal(derivedHeader(trace.header, 'test', 'filter').loss.recordsDropped, 2);
});

test('a limit is exact and reads no further', async () => {
  for (const limit of [0, 1, 3, 4, 100]) {
    const trace = memoryTrace([...Array(30).keys()]);
    const { starts } = await filtered(trace, { keep: (r) => r.startNs % 2 === 0, limit });
    assert.deepEqual(starts, [...Array(15).keys()].map((n) => 2 * n).slice(0, limit));
    assert.ok(trace.taken <= Math.max(1, Math.ceil((2 * limit) / 3)), `${trace.taken} batches for ${limit}`);
  }
});
