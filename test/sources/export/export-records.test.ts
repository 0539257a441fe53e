import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openRecordExport } from '../../../src/sources/export/export-records.ts';
import { mergeTraces } from '../../../src/sources/merge-traces.ts';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import { emptyHeader, type TraceHeader } from '../../../src/trace/record/record.ts';
import type { Trace } from '../../../src/trace/trace.ts';
import { collect, lossOf, makeRecord, pipeOf, writeTrace } from '../../trace/support.ts';

const SECOND = 1e9;
const EPOCH = 1_700_000_000_000_000_000n;
const unixNs = (second: number) => EPOCH + BigInt(second * SECOND);

/** A trace through a pipe, with records at these seconds. */
async function traceOf(seconds: readonly number[], header: Partial<TraceHeader> = {}, session = 'c') {
  const records = seconds.map((second) => makeRecord({ startNs: second * SECOND, session }));
  const bytes = await writeTrace(records, { epochUnixNs: EPOCH, ...header });
  return openTrace('-', { stdin: pipeOf(bytes) });
}

async function exported(trace: Trace, request: Omit<Parameters<typeof openRecordExport>[1], 'tool'> = {}) {
  const found = await openRecordExport(trace, { tool: 't', ...request });
  const seconds: number[] = [];
  for await (const batch of found.records) seconds.push(...batch.map(({ startNs }) => startNs / SECOND));
  const { startUnixNs, endUnixNs } = found.window();
  await found.close();
  await trace.close();
  const window = [startUnixNs - EPOCH, endUnixNs - EPOCH].map((ns) => Number(ns) / SECOND);
  return { seconds, header: found.header, window, emptyBecause: found.emptyBecause };
}

describe('a window of any source, record by record', () => {
  it('has the records that start in it, its end excluded, and says so in the header', async () => {
    const found = await exported(await traceOf([0, 1, 2, 3, 4]), {
      startUnixNs: unixNs(1),
      endUnixNs: unixNs(3),
    });
    assert.deepEqual(
      [found.seconds, found.window],
      [
        [1, 2],
        [1, 3],
      ],
    );
    const { window, source, sorted, tool } = found.header;
    assert.deepEqual(window, { startNs: SECOND, endNs: 3 * SECOND });
    assert.deepEqual([source, sorted, tool], ['export', true, 't']);
  });

  it('lasts from the first record where only a length is asked for', async () => {
    const found = await exported(await traceOf([5, 6, 7, 8]), { durationNs: 2 * SECOND });
    assert.deepEqual(
      [found.seconds, found.window],
      [
        [5, 6],
        [5, 7],
      ],
    );
  });

  it('of all tells no window in the header, which stands in front of what nobody has read yet', async () => {
    const found = await exported(await traceOf([5, 8]));
    assert.deepEqual(found.seconds, [5, 8]);
    assert.equal(found.header.window, undefined);
    assert.deepEqual(found.window, [5, 8 + 1e-9]);
  });

  it('keeps the window of the source, its gaps and losses, as far as they lie in it', async () => {
    const gaps = [0, 3, 6].map((s) => ({ startNs: s * SECOND, endNs: (s + 2) * SECOND, reason: `gap ${s}` }));
    const header = { window: { startNs: 0, endNs: 9 * SECOND }, gaps, loss: lossOf({ recordsDropped: 2 }) };
    const whole = await exported(await traceOf([2, 5], header));
    assert.deepEqual([whole.header.window, whole.header.gaps], [header.window, gaps]);
    const part = await exported(await traceOf([2, 5], header), {
      startUnixNs: unixNs(1),
      endUnixNs: unixNs(4),
    });
    assert.deepEqual(part.header.gaps, [
      { startNs: SECOND, endNs: 2 * SECOND, reason: 'gap 0' },
      { startNs: 3 * SECOND, endNs: 4 * SECOND, reason: 'gap 3' },
    ]);
    assert.equal(part.header.loss.recordsDropped, 2);
  });

  it('without records says what there is instead', async () => {
    const why = async (seconds: number[], from: number, to: number) =>
      (await exported(await traceOf(seconds), { startUnixNs: unixNs(from), endUnixNs: unixNs(to) }))
        .emptyBecause;
    assert.equal(await why([], 0, 9), 'no records: - holds none at all');
    assert.match((await why([1, 2], 5, 9)) ?? '', /starts after the last one, at 2023-11-14T22:13:22/);
    assert.match((await why([5, 6], 1, 5)) ?? '', /ends before the first one, at 2023-11-14T22:13:25/);
    assert.equal(await why([1, 5], 2, 5), 'no records: nothing was recorded in the window');
    assert.equal(await why([1, 5], 2, 6), undefined);
  });

  it('that ends before it starts is refused before anything is read', async () => {
    const trace = { records: () => assert.fail('it was read') } as unknown as Trace;
    const backwards = { tool: 't', startUnixNs: unixNs(5), endUnixNs: unixNs(5) };
    await assert.rejects(openRecordExport(trace, backwards), {
      code: 'usage',
      message: /no later than it starts/,
    });
  });
});

describe('several traces as one', () => {
  const shifted = { epochUnixNs: EPOCH + BigInt(SECOND) };

  it('are on the time line of the first, of equal starts the first one first, and their headers are one', async () => {
    const one = await traceOf(
      [1, 3, 5],
      { origins: ['a:1'], dialect: 'engram', loss: lossOf({ recordsLate: 1 }) },
      'a',
    );
    const other = await traceOf([0, 2, 7], { ...shifted, origins: ['a:1', 'b:2'], dialect: 'engram' }, 'b');
    const { records, header, loss } = await collect(mergeTraces([one, other]));
    assert.deepEqual(
      records.map(({ startNs, session }) => `${startNs / SECOND}${session}`),
      ['1a', '1b', '3a', '3b', '5a', '8b'],
    );
    assert.deepEqual([header.epochUnixNs, header.origins, header.dialect], [EPOCH, ['a:1', 'b:2'], 'engram']);
    assert.deepEqual([header.window, loss.recordsLate], [undefined, 1]);
  });

  it('have a window where all have one; bounds mean the same in each', async () => {
    const windowOf = (from: number, to: number) => ({ startNs: from * SECOND, endNs: to * SECOND });
    const one = await traceOf([1, 3], { window: windowOf(0, 4) });
    const other = await traceOf([1, 3], { ...shifted, window: windowOf(0, 5) });
    const merged = mergeTraces([one, other]);
    assert.deepEqual(merged.header.window, windowOf(0, 6));
    const { records } = await collect(merged, { fromNs: 2 * SECOND, toNs: 4 * SECOND });
    assert.deepEqual(
      records.map(({ startNs }) => startNs / SECOND),
      [2, 3],
    );
  });

  it('whose clocks have nothing to do with each other are refused', async () => {
    const traces = [
      await traceOf([1]),
      await traceOf([1], { epochUnixNs: emptyHeader().epochUnixNs }),
    ] as const;
    assert.throws(() => mergeTraces([...traces]), { code: 'usage', hint: /no wall clock/ });
    for (const trace of traces) await trace.close();
  });
});
