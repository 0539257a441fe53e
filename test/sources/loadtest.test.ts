import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EngramTraceError } from '../../src/error.ts';
import { createLoadtestWriter } from '../../src/sources/loadtest/loadtest-writer.ts';
import { openLoadtest } from '../../src/sources/loadtest/open-loadtest.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import { compressFrame } from '../../src/trace/frames/zstd.ts';
import { emptyHeader, type TraceRecord } from '../../src/trace/record/record.ts';
import type { ReadOptions, Trace } from '../../src/trace/trace.ts';
import fc, { runs } from '../support/fast-check.ts';
import {
  collect,
  createMemorySink,
  FIXTURES,
  lossOf,
  makeRecord,
  pipeOf,
  withFile,
} from '../trace/support.ts';

const fixture = (name: string) => fileURLToPath(new URL(`loadtest/${name}`, FIXTURES));
const path = fixture('four-operations.json');
const whole = readFileSync(path);

const open = (name: string) => openTrace(name);
const openBytes = (bytes: Uint8Array, chunkBytes?: number) =>
  openTrace('-', { stdin: pipeOf(bytes, chunkBytes) });

function document(operations: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ operations, metadata: { total_operations: operations.length } }));
}

const store = (timestampMs: number, memory: object = {}) => ({
  timestamp_ms: timestampMs,
  operation: {
    type: 'store',
    memory: { embedding: [0.5, -1], memory_space: 'space_1', confidence: 0.75, ...memory },
  },
});

async function upToError(trace: Trace, options?: ReadOptions) {
  const records: TraceRecord[] = [];
  try {
    for await (const batch of trace.records(options)) records.push(...batch);
  } catch (error) {
    assert.ok(error instanceof EngramTraceError, String(error));
    return { records, error };
  } finally {
    await trace.close();
  }
  return { records, error: undefined };
}

async function rewritten(records: readonly TraceRecord[], header = emptyHeader()) {
  const sink = createMemorySink();
  const writer = createLoadtestWriter(sink, header);
  await writer.write(records);
  await writer.finish();
  return { bytes: sink.bytes, json: JSON.parse(sink.bytes.toString()), leftOut: writer.leftOut };
}

const jsonIn = ({ body }: TraceRecord) => JSON.parse(Buffer.from(body).toString());

test('the four operations become requests on routes that exist', async () => {
  const { records, header, warnings } = await collect(await open(path));
  const queryOf = (record: TraceRecord) => Object.fromEntries(new URLSearchParams(record.path.split('?')[1]));
  const [stored, recalled, searched, completed] = records;
  assert.ok(stored && recalled && searched && completed && records.length === 4);
  assert.deepEqual(
    records.map(({ startNs, op, space, method }) => [startNs / 1e6, op, space, method]),
    [
      [0, 'remember', 'space_0', 'POST'],
      [12, 'recall', 'space_1', 'GET'],
      [12, 'recall', 'default', 'GET'],
      [40, 'complete', 'default', 'POST'],
    ],
  );
  assert.equal(stored.path, '/api/v1/memories/remember');
  assert.deepEqual(jsonIn(stored), {
    content: 'loadtest operation 0',
    embedding: [0.25, -0.5, 0.125],
    confidence: 0.8125,
    memory_space_id: 'space_0',
  });
  assert.match(recalled.path, /^\/api\/v1\/memories\/recall\?embedding=%5B/);
  const cue = { embedding: '[0.1,0.2]', threshold: '0.625', max_results: '3', space: 'space_1' };
  assert.deepEqual(queryOf(recalled), cue);
  assert.deepEqual(queryOf(searched), { embedding: '[1,-1]', max_results: '25' });
  const { partial_embedding: cells, known_fields: known } = jsonIn(completed).partial_episode;
  assert.deepEqual([cells.length, cells.slice(0, 6), known], [768, [0.5, null, 0.75, null, null, null], {}]);
  assert.equal(new Set(records.map(({ session }) => session)).size, 4);
  assert.deepEqual([header.source, header.dialect, header.resolutionNs], ['loadtest', 'engram', 1_000_000]);
  assert.deepEqual(warnings, []);
});

test('told apart by content: from files and pipes, compressed, on one line or many, metadata first or last', async () => {
  const { records } = await collect(await open(path));
  const value = JSON.parse(whole.toString());
  const forms: [string, Uint8Array][] = [
    ['as it is', whole],
    ['one line', Buffer.from(JSON.stringify(value))],
    ['many lines', Buffer.from(JSON.stringify(value, undefined, 2))],
    [
      'metadata first',
      Buffer.from(JSON.stringify({ metadata: value.metadata, operations: value.operations })),
    ],
    ['compressed', compressFrame(whole)],
  ];
  for (const [name, bytes] of forms) {
    await withFile(bytes, async (file) => {
      const trace = await open(file);
      assert.deepEqual([trace.format, trace.seekable], ['loadtest', true]);
      for (let pass = 0; pass < 2; pass++) {
        const again: TraceRecord[] = [];
        for await (const batch of trace.records()) again.push(...batch);
        assert.deepEqual(again, records, name);
      }
      await trace.close();
    });
    for (const chunkBytes of [1, 7, 1 << 16]) {
      assert.deepEqual((await collect(await openBytes(bytes, chunkBytes))).records, records, name);
    }
  }
  await withFile(document([]), async (file) => {
    assert.deepEqual((await collect(await open(file))).records, []);
  });
});

test('operations come in the order of their times, those of the same time in that of the list', async () => {
  const times = [30, 10, 20, 10, 0];
  const { records } = await collect(await openBytes(document(times.map((ms) => store(ms)))));
  assert.deepEqual(
    records.map(({ startNs, session }) => [startNs / 1e6, session]),
    [
      [0, 'operation 4'],
      [10, 'operation 1'],
      [10, 'operation 3'],
      [20, 'operation 2'],
      [30, 'operation 0'],
    ],
  );
});

test('what is too far out of order is counted, not lost in silence', async () => {
  const times = [...Array.from({ length: 40 }, (_, i) => i + 5), 1];
  const bytes = document(times.map((ms) => store(ms)));
  const source = {
    name: 'x.json',
    packing: '' as const,
    seekable: false,
    open: () => pipeOf(bytes),
    close: async () => {},
  };
  const { records, loss, warnings } = await collect(openLoadtest(source, { records: 10, bytes: 1e6 }));
  assert.equal(records.length, 40);
  assert.equal(loss.recordsLate, 1);
  assert.match(warnings.join(), /1 operations were too far out of order/);
});

const BAD: [name: string, operation: unknown, message: RegExp][] = [
  ['no time', { operation: store(0).operation }, /"timestamp_ms" is missing/],
  ['a negative time', store(-1), /"timestamp_ms" is -1, not an integer/],
  ['a time beyond 104 days', store(1e13), /"timestamp_ms" is 10000000000000/],
  ['a time that is text', { ...store(0), timestamp_ms: '5' }, /"timestamp_ms" is "5", not a number/],
  ['no operation', { timestamp_ms: 1 }, /"operation" is missing, not an object/],
  ['an operation of another kind', { timestamp_ms: 1, operation: { type: 'delete' } }, /"type" is "delete"/],
  ['no memory', { timestamp_ms: 1, operation: { type: 'store' } }, /"memory" is missing/],
  ['an embedding with a text in it', store(1, { embedding: [1, 'a'] }), /"embedding\[1\]" is "a"/],
  ['an embedding that is none', store(1, { embedding: null }), /"embedding" is null, not a list/],
  ['no confidence', store(1, { confidence: undefined }), /"confidence" is missing/],
  [
    'a partial that is too long',
    { timestamp_ms: 1, operation: { type: 'pattern_completion', partial: new Array(385).fill(0) } },
    /"partial" has 385 numbers, at most 384 fit/,
  ],
  ['a number', 7, /"it" is 7, not an object/],
];

for (const [name, operation, message] of BAD) {
  test(`an operation with ${name} is an error that names it, or is skipped and counted`, async () => {
    const bytes = document([store(0), store(1), operation, store(2)]);
    const { records, error } = await upToError(await openBytes(bytes));
    assert.equal(error?.code, 'bad_record');
    assert.equal(error?.where, '-, operations[2]');
    assert.match(error?.message ?? '', message);
    assert.equal(records.length, 2);
    const skipped = await collect(await openBytes(bytes), { onDamage: 'skip' });
    assert.equal(skipped.records.length, 3);
    assert.equal(skipped.loss.recordsDamaged, 1);
  });
}

test('an infinite number is none', async () => {
  const text = document([store(0)])
    .toString()
    .replace('0.75', '1e999');
  const { error } = await upToError(await openBytes(Buffer.from(text)));
  assert.match(error?.message ?? '', /"confidence" is Infinity/);
});

/** An eighth of the cuts takes half a second; `ENGRAM_TRACE_TEST_FULL=1` cuts at every byte. */
const STEP = process.env['ENGRAM_TRACE_TEST_FULL'] ? 1 : 8;

test('cut off at any byte: the operations that are whole, then an error with the place', async () => {
  const text = document([store(0), store(1), store(2)]);
  const ends = [...text.toString().matchAll(/\}\}\}/g)].map(({ index }) => index + 3);
  const isNearEnd = (length: number) => ends.some((end) => Math.abs(end - length) <= 2);
  for (let length = 40; length < text.length; length++) {
    if (length % STEP !== 0 && !isNearEnd(length)) continue;
    const { records, error } = await upToError(await openBytes(text.subarray(0, length), 1 << 16));
    assert.equal(records.length, ends.filter((end) => end <= length).length, `${length} bytes`);
    assert.equal(error?.code, 'corrupt', `${length} bytes`);
    assert.match(error?.where ?? '', new RegExp(`near byte ${length}$`));
    assert.match(error?.message ?? '', /ends in the middle/);
  }
});

test('cut off and skipped: a warning says where it ends', async () => {
  const text = document([store(0), store(1), store(2)]);
  const read = await collect(await openBytes(text.subarray(0, 200)), { onDamage: 'skip' });
  assert.equal(read.records.length, 1);
  assert.match(read.warnings.join(), /operations\[1\], near byte 200: the JSON ends in the middle/);
});

const BROKEN: [name: string, text: string, code: string, message: RegExp][] = [
  ['a comma too many', '{"operations":[{"timestamp_ms":1,}]}', 'corrupt', /not JSON/],
  ['two lists', '{"operations":[],"operations":[]}', 'corrupt', /a second list/],
  ['text behind the end', '{"operations":[]} x', 'corrupt', /not JSON/],
  ['two documents', '{"operations":[]}\n{"operations":[]}', 'corrupt', /not JSON/],
];

for (const [name, text, code, message] of BROKEN) {
  test(`a document with ${name} is ${code}`, async () => {
    const { error } = await upToError(await openBytes(Buffer.from(text)));
    assert.equal(error?.code, code);
    assert.match(error?.message ?? '', message);
    assert.match(error?.where ?? '', /near byte \d+$/);
  });
}

test('bytes that are no UTF-8 are corrupt', async () => {
  const bytes = document([store(0, { memory_space: 'XX' })]);
  bytes[bytes.indexOf('XX')] = 0xff;
  assert.equal((await upToError(await openBytes(bytes))).error?.code, 'corrupt');
});

test('one operation may not fill the memory', async () => {
  async function* endless() {
    yield Buffer.from(
      '{"operations":[{"timestamp_ms":1,"operation":{"type":"store","memory":{"embedding":[0',
    );
    for (let i = 0; i < 1000; i++) yield Buffer.from(',0.1234567'.repeat(6000));
    assert.fail('it was read to the end');
  }
  const source = {
    name: 'x.json',
    packing: '' as const,
    seekable: false,
    open: endless,
    close: async () => {},
  };
  const { error } = await upToError(openLoadtest(source));
  assert.equal(error?.code, 'bad_record');
  assert.match(error?.message ?? '', /longer than 16777216 bytes/);
});

test('white space behind the document may be of any length; between operations it ends somewhere', async () => {
  async function* blanks(beginning: string) {
    yield Buffer.from(beginning);
    for (let i = 0; i < 300; i++) yield Buffer.alloc(65536, '\n');
  }
  const reading = (beginning: string) => {
    const [open, close] = [() => blanks(beginning), async () => {}];
    return upToError(openLoadtest({ name: 'x.json', packing: '', seekable: false, open, close }));
  };
  assert.equal((await reading('{"operations":[]}')).error, undefined);
  const { error } = await reading('{"operations":[');
  assert.equal(error?.message, '16777216 bytes without an operation, or an end');
});

test('a long document is held a window at a time', async () => {
  const operations = 2500;
  const embedding = Array.from({ length: 768 }, (_, i) => (i * 7919) / 1e6);
  const text = `${JSON.stringify(store(0, { embedding })).replace('"timestamp_ms":0', '"timestamp_ms":T')}`;
  let made = 0;
  async function* long() {
    yield Buffer.from('{"operations":[');
    for (; made < operations; made++)
      yield Buffer.from(`${made === 0 ? '' : ','}${text.replace('T', String(made))}`);
    yield Buffer.from(']}');
  }
  const source = { name: 'x.json', packing: '' as const, seekable: false, open: long, close: async () => {} };
  let handed = 0;
  let mostHeld = 0;
  for await (const batch of openLoadtest(source, { records: 200, bytes: 64e6 }).records()) {
    mostHeld = Math.max(mostHeld, made - handed);
    handed += batch.length;
  }
  assert.equal(handed, operations);
  assert.ok(text.length * operations > 10e6, 'it is some 15 MB');
  assert.ok(mostHeld <= 210, `${mostHeld} operations were held`);
});

test('what is read is written as it was', async () => {
  const value = JSON.parse(whole.toString());
  const { records, header } = await collect(await open(path));
  const { json, leftOut } = await rewritten(records, header);
  assert.deepEqual(json.operations, value.operations);
  assert.equal(json.metadata.total_operations, 4);
  assert.deepEqual([...(leftOut ?? [])], []);
});

test('any operations make the round trip', async () => {
  const number = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (value === 0 ? 0 : value));
  const vector = fc.array(number, { maxLength: 8 });
  const space = fc.constantFrom('default', 'space_7', 'Not A Space');
  const operation = fc.oneof(
    fc.record({
      type: fc.constant('store'),
      memory: fc.record({ embedding: vector, memory_space: space, confidence: number }),
    }),
    fc.record({
      type: fc.constant('recall'),
      cue: fc.record({ embedding: vector, memory_space: space, threshold: number, max_depth: fc.nat() }),
    }),
    fc.record({ type: fc.constant('embedding_search'), query: vector, k: fc.nat() }),
    fc.record({ type: fc.constant('pattern_completion'), partial: vector }),
  );
  const operations = fc.array(fc.record({ timestamp_ms: fc.nat({ max: 1e6 }), operation }));
  await fc.assert(
    fc.asyncProperty(operations, async (list) => {
      const sorted = list.sort((a, b) => a.timestamp_ms - b.timestamp_ms);
      const { records, header } = await collect(await openBytes(document(sorted), 1 << 16));
      const { json } = await rewritten(records, header);
      assert.deepEqual(json.operations, JSON.parse(JSON.stringify(sorted)));
    }),
    { numRuns: runs(60) },
  );
});

test('requests without an equivalent are left out and counted', async () => {
  const json = (value: unknown) => new Uint8Array(Buffer.from(JSON.stringify(value)));
  const post = { method: 'POST', path: '/api/v1/memories/remember', op: 'remember' };
  const recall = '/api/v1/memories/recall';
  const records = [
    makeRecord({ op: 'search', path: '/api/v1/memories/search?query=tea' }),
    makeRecord({ op: 'recall', path: `${recall}?query=tea` }),
    makeRecord({ op: 'recall', path: `${recall}?query=tea&embedding=%5B1%5D` }),
    makeRecord({ ...post, body: json({ content: 'no vector' }) }),
    makeRecord({ ...post, body: json({ embedding: [1] }), bodyBytesMissing: 4 }),
    makeRecord({ ...post, body: new Uint8Array(Buffer.from('{')) }),
    makeRecord({ ...post, protocol: 'grpc', path: '/engram.v1.EngramService/Remember' }),
    makeRecord({ startNs: 9, op: 'recall', path: `${recall}?embedding=%5B1%5D&space=tea`, space: 'tea' }),
  ];
  const { json: written, leftOut } = await rewritten(records);
  const cue = { embedding: [1], memory_space: 'tea', threshold: 0.5, max_depth: 10 };
  assert.deepEqual(written.operations, [{ timestamp_ms: 0, operation: { type: 'recall', cue } }]);
  assert.deepEqual(Object.fromEntries(leftOut ?? []), { search: 1, recall: 2, remember: 4 });
});

test('times count from the first record of a trace with a wall clock; its losses are kept', async () => {
  const header = {
    ...emptyHeader(),
    epochUnixNs: 1_763_733_600_000_000_000n,
    loss: lossOf({ recordsDropped: 3 }),
  };
  const path = '/api/v1/memories/recall?embedding=%5B1%5D';
  const records = [5e9, 5e9 + 1_499_999, 7.2e9].map((startNs) => makeRecord({ startNs, path }));
  const { json, bytes } = await rewritten(records, header);
  assert.deepEqual(
    json.operations.map((entry: { timestamp_ms: number }) => entry.timestamp_ms),
    [0, 1, 2200],
  );
  assert.deepEqual(json.metadata, {
    start_time: '2025-11-21T14:00:05.000Z',
    duration_seconds: 3,
    total_operations: 3,
    loss: { records_dropped: 3 },
  });
  assert.deepEqual((await collect(await openBytes(bytes))).loss, lossOf({ recordsDropped: 3 }));
});
