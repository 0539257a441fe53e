import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copySpreadNs } from '../../../src/replay-run/source/copy-spread.ts';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { makeRecord, pipeOf, withFile, writeTrace } from '../support.ts';

const MS = 1e6;

/** A record every 10 ms, over 4 sessions. */
const records = (count: number, fields: (i: number) => Partial<TraceRecord> = () => ({})) =>
  Array.from({ length: count }, (_, i) =>
    makeRecord({ startNs: 7 * MS + i * 10 * MS, session: `c${i % 4}`, space: `s${i % 2}`, ...fields(i) }),
  );

const hintsOf = async (bytes: Uint8Array) =>
  withFile(bytes, async (path) => {
    const trace = await openTrace(path);
    await trace.close();
    return trace.hints;
  });

test('a file tells by its index what a plan needs to know of it', async () => {
  const hints = await hintsOf(await writeTrace(records(101, (i) => (i < 30 ? { protocol: 'grpc' } : {}))));
  assert.deepEqual(hints, {
    records: 101,
    byProtocol: { http: 71, grpc: 30 },
    protocols: ['http', 'grpc'],
    firstStartNs: 7 * MS,
    lastStartNs: 1007 * MS,
    ratePerSec: 101,
    sessions: 4,
    spaces: ['s0', 's1'],
  });
  assert.equal(copySpreadNs(hints), Math.round((1000 * MS * 4) / 101));
});

test('names are told all or not at all, and nothing is made up for a trace without records', async () => {
  const many = await hintsOf(await writeTrace(records(1002, (i) => ({ space: `s${i}` }))));
  assert.deepEqual([many.records, many.spaces, many.protocols], [1002, undefined, ['http']]);
  const none = await hintsOf(await writeTrace([]));
  assert.deepEqual([none.records, none.firstStartNs, none.ratePerSec], [0, undefined, undefined]);
});

test('a pipe, text, and a file that lost its index tell nothing', async () => {
  const bytes = await writeTrace(records(50));
  const piped = await openTrace('-', { stdin: pipeOf(bytes) });
  assert.deepEqual(piped.hints, {});
  await piped.close();
  assert.deepEqual(await hintsOf(Buffer.from('{"start_ns":1,"path":"/"}\n')), {});
  assert.deepEqual(await hintsOf(bytes.subarray(0, -20)), {});
  assert.equal(copySpreadNs({}), 100 * MS);
  assert.equal(copySpreadNs({ ratePerSec: 50, sessions: 10 }), 200 * MS, 'a generator knows no more');
});
