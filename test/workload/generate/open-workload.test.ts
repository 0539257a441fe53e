import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { engramDialect } from '../../../src/dialects/engram.ts';
import { RecallRequest, RememberRequest } from '../../../src/gen/engram/v1/service.ts';
import { isInShard } from '../../../src/replay/plan/shard-of.ts';
import { openTraceFromFile } from '../../../src/trace/read/trace-from-file.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { openWorkload } from '../../../src/workload/generate/open-workload.ts';
import { createRecordMaker } from '../../../src/workload/requests/record-maker.ts';
import type { Scenario } from '../../../src/workload/scenario/scenario.ts';
import { scenarioWith } from '../support.ts';

const SMALL = scenarioWith(
  {
    durationNs: 2e9,
    arrival: { pattern: 'poisson', rate: 150 },
    protocol: 'mixed',
    operations: { store: 4, recall: 3, embeddingSearch: 2, patternCompletion: 1 },
  },
  { spaces: 3, nodes: 100, dimension: 24 },
);

async function recordsOf(
  scenario: Scenario,
  seed = 9,
  options: { ahead?: boolean; inThread?: boolean } = {},
) {
  const { ahead, inThread } = options;
  const trace = openWorkload({ scenario, seed }, { inThread });
  const all: TraceRecord[] = [];
  for await (const batch of trace.records({ ahead })) all.push(...batch);
  return all;
}

function digest(records: readonly TraceRecord[]): string {
  const hash = createHash('sha256');
  for (const { startNs, session, op, space, protocol, method, path, headers, body } of records)
    hash
      .update(`${startNs} ${session} ${op} ${space} ${protocol} ${method} ${path} ${headers.join()} `)
      .update(body);
  return hash.digest('hex');
}

const GOLDEN = '38a6a2c7f1b11c07e4778d6391147b6c0618360ad5d50b0d474fbcc605e65ab6';

test('the same seed gives the same bytes on every machine, and another seed others', async () => {
  const records = await recordsOf(SMALL);
  assert.equal(digest(records), GOLDEN);
  assert.equal(digest(await recordsOf(SMALL)), GOLDEN);
  assert.notEqual(digest(await recordsOf(SMALL, 10)), GOLDEN);
});

test('records made in a thread of their own are the same', async () => {
  const here = await recordsOf(SMALL);
  const there = await recordsOf(SMALL, 9, { ahead: true, inThread: true });
  assert.equal(digest(there), digest(here));
  const withoutBody = (records: TraceRecord[]) => records.map((record) => ({ ...record, body: undefined }));
  assert.deepEqual(withoutBody(there), withoutBody(here));
});

test('whoever stops reading stops the thread', async () => {
  const trace = openWorkload({ scenario: scenarioWith({ durationNs: 1e12 }), seed: 1 }, { inThread: true });
  for await (const batch of trace.records({ ahead: true })) {
    assert.ok(batch.length > 0);
    break;
  }
});

test('a file of the recording that is not there fails in the thread, and says so', async () => {
  const scenario = scenarioWith({ arrival: { pattern: 'trace', file: '/nowhere/x.trace.zst' } });
  const trace = openWorkload({ scenario, seed: 1 }, { inThread: true });
  await assert.rejects(
    async () => {
      for await (const _ of trace.records({ ahead: true }));
    },
    { code: 'io', where: '/nowhere/x.trace.zst' },
  );
});

test('the times of a recording, and the operations of the scenario', async () => {
  const file = fileURLToPath(new URL('../../../../fixtures/golden.trace.zst', import.meta.url));
  const recording = await openTraceFromFile(file);
  const starts: number[] = [];
  for await (const batch of recording.records()) starts.push(...batch.map(({ startNs }) => startNs));
  await recording.close();
  const inThread = { ahead: true, inThread: true };
  const made = await recordsOf({ ...SMALL, arrival: { pattern: 'trace', file } }, 9, inThread);
  assert.ok(starts.length > 3);
  assert.deepEqual(
    made.map(({ startNs }) => startNs),
    starts.map((startNs) => startNs - (starts[0] as number)),
  );
  const plain = await recordsOf(SMALL);
  assert.deepEqual(made.map(contentOf), plain.slice(0, made.length).map(contentOf));
  // It ends with the run, where the recording is longer.
  const endNs = (starts.at(-1) as number) - (starts[0] as number);
  const shorter = await recordsOf(
    { ...SMALL, durationNs: endNs, arrival: { pattern: 'trace', file } },
    9,
    inThread,
  );
  assert.deepEqual(shorter.map(contentOf), made.filter(({ startNs }) => startNs < endNs).map(contentOf));
});

test('changing one thing leaves the others', async () => {
  const plain = await recordsOf(SMALL);
  const faster = await recordsOf({ ...SMALL, arrival: { pattern: 'constant', rate: 150 } });
  assert.deepEqual(faster.slice(0, 100).map(contentOf), plain.slice(0, 100).map(contentOf));
  const others = await recordsOf({ ...SMALL, operations: { ...SMALL.operations, patternCompletion: 0 } });
  assert.deepEqual(
    others.map(({ startNs }) => startNs),
    plain.map(({ startNs }) => startNs),
  );
  const stored = (records: TraceRecord[]) =>
    new Map(records.filter(({ op }) => op === 'remember').map((r) => [r.session, contentOf(r)]));
  const before = stored(plain);
  const both = [...stored(others)].filter(([session]) => before.has(session));
  assert.ok(both.length > 50);
  for (const [session, content] of both) assert.deepEqual(content, before.get(session));
});

function contentOf({ op, space, protocol, path, body }: TraceRecord): unknown[] {
  return [op, space, protocol, path, Buffer.from(body).toString('base64')];
}

test('operations come by their weights, and keep to their spaces', async () => {
  const scenario = {
    ...SMALL,
    arrival: { pattern: 'constant', rate: 3000 } as const,
    data: { ...SMALL.data, dimension: 4 },
  };
  const records = await recordsOf(scenario);
  const share = (op: string) => records.filter((record) => record.op === op).length / records.length;
  for (const [op, weight] of [
    ['remember', 0.4],
    ['recall', 0.3],
    ['search', 0.2],
    ['complete', 0.1],
  ] as const)
    assert.ok(Math.abs(share(op) - weight) < 0.03, `${op}: ${share(op)}`);
  assert.deepEqual([...new Set(records.map(({ space }) => space))].sort(), ['space_0', 'space_1', 'space_2']);
  const grpc = records.filter(({ protocol }) => protocol === 'grpc').length / records.length;
  assert.ok(Math.abs(grpc - 0.45) < 0.04, `${grpc} by gRPC`);
});

test('each request is one that the server knows, in the space of its memory', async () => {
  for (const record of await recordsOf(SMALL)) {
    const { op, space } = engramDialect.describe(record);
    assert.equal(space, record.space);
    // A search by vector goes to the route of recall: the one for search takes text alone.
    assert.equal(op, record.op === 'search' ? 'recall' : record.op);
    assert.equal(engramDialect.isWrite(record), record.op === 'remember');
    if (record.method === 'POST' && record.protocol === 'http')
      JSON.parse(Buffer.from(record.body).toString());
  }
});

test('a memory is looked for by the vector it is stored with', () => {
  const scenario = scenarioWith(
    { operations: { store: 0, recall: 1, embeddingSearch: 0, patternCompletion: 0 } },
    { nodes: 1 },
  );
  const http = createRecordMaker(scenario, 1);
  const stored = JSON.parse(Buffer.from(http.preload(0, 0).body).toString()) as {
    embedding: number[];
    id: string;
  };
  const cue = new URL(http.record(5, 0).path, 'http://x').searchParams.get('embedding');
  assert.deepEqual(JSON.parse(cue ?? ''), stored.embedding);
  const grpc = createRecordMaker({ ...scenario, protocol: 'grpc' }, 1);
  const remember = RememberRequest.decode(grpc.preload(0, 0).body);
  const recall = RecallRequest.decode(grpc.record(5, 0).body);
  assert.equal(remember.memory?.id, stored.id);
  assert.deepEqual(remember.memory?.embedding, stored.embedding.map(Math.fround));
  assert.deepEqual(recall.cue?.embedding?.vector, remember.memory?.embedding);
  assert.ok((recall.cue?.threshold?.value ?? 0) >= 0.5 && recall.maxResults >= 1);
  assert.equal(remember.memorySpaceId, 'default');
});

test('each operation is a session of its own, unless the scenario has some', async () => {
  const own = await recordsOf(SMALL);
  assert.equal(new Set(own.map(({ session }) => session)).size, own.length);
  const shared = await recordsOf({ ...SMALL, sessions: 7 });
  assert.equal(new Set(shared.map(({ session }) => session)).size, 7);
  assert.ok([0, 1, 2].every((index) => shared.some(({ session }) => isInShard(session, { index, of: 3 }))));
});

test('what is known of a workload before it is read holds', async () => {
  const { hints, header } = openWorkload({ scenario: SMALL, seed: 9 });
  const records = await recordsOf(SMALL);
  assert.ok(Math.abs((hints.records ?? 0) / records.length - 1) < 0.2);
  assert.deepEqual(hints.protocols, ['http', 'grpc']);
  assert.deepEqual(hints.spaces, ['space_0', 'space_1', 'space_2']);
  assert.deepEqual(header.window, { startNs: 0, endNs: 2e9 });
  const bounded = openWorkload({ scenario: SMALL, seed: 9 }).records({ fromNs: 5e8, toNs: 1e9 });
  const inside: TraceRecord[] = [];
  for await (const batch of bounded) inside.push(...batch);
  assert.deepEqual(
    inside,
    records.filter(({ startNs }) => startNs >= 5e8 && startNs < 1e9),
  );
});
