import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, status } from '@grpc/grpc-js';
import { type Codec, make } from '../../src/dev-server/grpc/rpc.ts';
import { rpcPath } from '../../src/dev-server/grpc/rpc-path.ts';
import { shapesPath } from '../../src/dev-server/grpc/shapes-rpcs.ts';
import { STREAM_RPCS } from '../../src/dev-server/grpc/stream-rpcs.ts';
import { isRejection } from '../../src/dev-server/rejection.ts';
import type { World } from '../../src/dev-server/world.ts';
import { Cue, Episode, Memory, PatternCue } from '../../src/gen/engram/v1/memory.ts';
import * as m from '../../src/gen/engram/v1/service.ts';
import { CollectSummary, CountRequest, EchoMessage } from '../../src/gen/engramtrace/test/v1/shapes.ts';
import {
  type CalledRpc,
  callBidi,
  callClientStream,
  callServerStream,
  callUnary,
} from './support/grpc-calls.ts';
import { call, embedding, grpcClient, startServer } from './support/start-server.ts';

const engram = <I, O>(rpc: string, request: Codec<I>, response: Codec<O>): CalledRpc<I, O> => {
  return { path: rpcPath(rpc), request, response };
};
const REMEMBER = engram('Remember', m.RememberRequest, m.RememberResponse);
const RECALL = engram('Recall', m.RecallRequest, m.RecallResponse);
const QUERY = engram('ExecuteQuery', m.QueryRequest, m.QueryResponse);
const FORGET = engram('Forget', m.ForgetRequest, m.ForgetResponse);
const OBSERVE = engram('ObserveStream', m.ObservationRequest, m.ObservationResponse);

const confidence = (value: number) => ({ value, category: 0 as const, reasoning: '' });
const rememberOf = (id: string, seed: number, memorySpaceId = '') => {
  const memory = make(Memory, {
    id,
    content: `text of ${id}`,
    embedding: embedding(seed),
    confidence: confidence(0.9),
  });
  return make(m.RememberRequest, { memorySpaceId, memory });
};
const recallOf = (seed: number, memorySpaceId = '') => {
  const cue = make(Cue, { embedding: { vector: embedding(seed), similarityThreshold: 0 } });
  return make(m.RecallRequest, { memorySpaceId, cue });
};
const observation = (sequence: number, values = embedding(1)) => {
  return make(m.ObservationRequest, {
    observation: make(Episode, { what: 'seen', embedding: values }),
    sequenceNumber: BigInt(sequence),
  });
};

test('unary: what is remembered over gRPC is recalled, queried and forgotten, and HTTP sees it', async (t) => {
  const server = await startServer(t);
  const client = grpcClient(t, server.grpcPort);
  const remembered = await callUnary(client, REMEMBER, rememberOf('g-1', 1, 'tenant'));
  assert.equal(remembered.code, status.OK);
  assert.equal(remembered.messages[0]?.memoryId, 'g-1');
  assert.ok(Math.abs((remembered.messages[0]?.storageConfidence?.value ?? 0) - 0.9) < 1e-3);
  const [recalled] = (await callUnary(client, RECALL, recallOf(1, 'tenant'))).messages;
  assert.deepEqual(
    recalled?.memories.map(({ id, content }) => [id, content]),
    [['g-1', 'text of g-1']],
  );
  assert.ok(recalled?.memories[0]?.embedding.every((value) => value === 0));
  assert.equal(recalled?.metadata?.recallTimeMs, 10n);
  const query = make(m.QueryRequest, { memorySpaceId: 'tenant', queryText: 'RECALL "text of"' });
  const [queried] = (await callUnary(client, QUERY, query)).messages;
  assert.equal(queried?.totalCount, 1);
  assert.ok(Math.abs((queried?.episodes[0]?.embedding[5] ?? 0) - (embedding(1)[5] ?? 0)) < 1e-5);
  assert.equal((await call(server.httpPort, 'GET', '/api/v1/memories/g-1?space=tenant')).status, 200);
  const target = make(m.ForgetRequest, {
    memorySpaceId: 'tenant',
    memoryId: 'g-1',
    mode: m.ForgetMode.SUPPRESS,
  });
  assert.equal((await callUnary(client, FORGET, target)).messages[0]?.reversible, true);
  assert.equal((await callUnary(client, FORGET, target)).messages[0]?.memoriesAffected, 0);
  assert.equal((await call(server.httpPort, 'GET', '/api/v1/memories/g-1?space=tenant')).status, 404);
});

test('refusals have the status of the contract', async (t) => {
  const client = grpcClient(t, (await startServer(t)).grpcPort);
  const code = async <I, O>(rpc: CalledRpc<I, O>, message: I) =>
    status[(await callUnary(client, rpc, message)).code];
  const short = make(m.RememberRequest, { memory: make(Memory, { embedding: [1, 2] }) });
  const cueOf = (cue: Partial<Cue>) => make(m.RecallRequest, { cue: make(Cue, cue) });
  const complete = engram('Complete', m.CompleteRequest, m.CompleteResponse);
  const fragments = [{ knownFields: { what: 'x' }, missingFields: [], fragmentConfidence: undefined }];
  assert.equal(await code(REMEMBER, make(m.RememberRequest, {})), 'INVALID_ARGUMENT');
  assert.equal(await code(REMEMBER, short), 'INVALID_ARGUMENT');
  assert.equal(await code(REMEMBER, rememberOf('x', 1, 'NOT OK')), 'INVALID_ARGUMENT');
  assert.equal(await code(RECALL, make(m.RecallRequest, {})), 'INVALID_ARGUMENT');
  assert.equal(await code(RECALL, cueOf({})), 'INVALID_ARGUMENT');
  assert.equal(
    await code(RECALL, cueOf({ temporal: { pattern: undefined, referenceTime: undefined } })),
    'UNIMPLEMENTED',
  );
  assert.equal(await code(RECALL, cueOf({ pattern: make(PatternCue, {}) })), 'UNIMPLEMENTED');
  assert.equal(await code(FORGET, make(m.ForgetRequest, { memoryId: 'x' })), 'INVALID_ARGUMENT');
  assert.equal(await code(FORGET, make(m.ForgetRequest, { mode: 2 })), 'INVALID_ARGUMENT');
  assert.equal(
    await code(FORGET, make(m.ForgetRequest, { mode: 2, pattern: make(Cue, {}) })),
    'UNIMPLEMENTED',
  );
  assert.equal(await code(QUERY, make(m.QueryRequest, { queryText: ' ' })), 'INVALID_ARGUMENT');
  assert.equal(
    await code(QUERY, make(m.QueryRequest, { queryText: 'x', memorySpaceId: 'unknown' })),
    'NOT_FOUND',
  );
  assert.equal(await code(QUERY, make(m.QueryRequest, { queryText: 'PREDICT x GIVEN y' })), 'INTERNAL');
  assert.equal(await code(complete, make(m.CompleteRequest, {})), 'INVALID_ARGUMENT');
  const pattern = { partialPattern: { fragments, completionThreshold: 0 } };
  assert.equal(await code(complete, make(m.CompleteRequest, pattern)), 'FAILED_PRECONDITION');
});

test('bytes that are no message end in INTERNAL, an unknown rpc in UNIMPLEMENTED', async (t) => {
  const client = grpcClient(t, (await startServer(t)).grpcPort);
  const raw: Codec<Uint8Array> = { decode: (bytes) => bytes, encode: (bytes) => ({ finish: () => bytes }) };
  const broken = { ...REMEMBER, request: raw };
  assert.equal((await callUnary(client, broken, Buffer.from([0x0a, 0xff, 0x01]))).code, status.INTERNAL);
  assert.equal(
    (await callUnary(client, { ...broken, path: rpcPath('Nope') }, Buffer.alloc(0))).code,
    status.UNIMPLEMENTED,
  );
});

test('every rpc of the service answers', async (t) => {
  const client = grpcClient(t, (await startServer(t)).grpcPort);
  const answers = async <I, O>(rpc: CalledRpc<I, O>, message: I, code = status.OK) => {
    assert.equal((await callUnary(client, rpc, message)).code, code, rpc.path);
  };
  const experience = make(m.ExperienceRequest, { episode: make(Episode, { id: 'e' }) });
  const associate = make(m.AssociateRequest, { sourceMemory: 'a', targetMemory: 'b' });
  await answers(
    engram('Recognize', m.RecognizeRequest, m.RecognizeResponse),
    make(m.RecognizeRequest, { content: 'x' }),
  );
  await answers(engram('Experience', m.ExperienceRequest, m.ExperienceResponse), experience);
  await answers(
    engram('Reminisce', m.ReminisceRequest, m.ReminisceResponse),
    make(m.ReminisceRequest, { aboutTopic: 'x' }),
  );
  await answers(
    engram('Consolidate', m.ConsolidateRequest, m.ConsolidateResponse),
    make(m.ConsolidateRequest, {}),
  );
  await answers(engram('Associate', m.AssociateRequest, m.AssociateResponse), associate);
  await answers(
    engram('Introspect', m.IntrospectRequest, m.IntrospectResponse),
    make(m.IntrospectRequest, {}),
  );
  const batch = engram(
    'ApplyReplicationBatch',
    m.ApplyReplicationBatchRequest,
    m.ApplyReplicationBatchResponse,
  );
  await answers(batch, make(m.ApplyReplicationBatchRequest, { endSequence: 9n }));
  for (const rpc of ['RebalanceSpaces', 'MigrateSpace', 'GetReplicationStatus']) {
    await answers(engram(rpc, m.RebalanceRequest, m.RebalanceResponse), {}, status.FAILED_PRECONDITION);
  }
  const recallStream = engram('RecallStream', m.StreamingRecallRequest, m.StreamingRecallResponse);
  const nothing = await callServerStream(client, recallStream, make(m.StreamingRecallRequest, {}));
  assert.deepEqual([nothing.code, nothing.messages.length], [status.OK, 0]);
  const memoryStream = engram('MemoryStream', m.ObservationRequest, m.ObservationResponse);
  const dropped = await callBidi(client, memoryStream, [make(m.ObservationRequest, {})]);
  // The client sees what Engram's shows, and the server goes on.
  assert.equal(dropped.code, status.UNAVAILABLE);
  await answers(batch, make(m.ApplyReplicationBatchRequest, { endSequence: 9n }));
});

test('the generators of Dream and Stream tell their first message at once', () => {
  const world = { wallMs: () => 0 } as World;
  const pauses = (name: string, request: Uint8Array) => {
    const rpc = STREAM_RPCS.find(({ path }) => path === rpcPath(name));
    assert.ok(rpc?.kind === 'server_stream');
    const replies = rpc.answer(request, world);
    assert.ok(!isRejection(replies));
    return Array.from(replies, ({ afterMs }) => afterMs);
  };
  const cycles = m.DreamRequest.encode(make(m.DreamRequest, { replayCycles: 3 })).finish();
  assert.deepEqual(pauses('Dream', cycles), [0, 100, 100]);
  assert.deepEqual(pauses('Stream', new Uint8Array()), [0, ...new Array<number>(9).fill(500)]);
});

test('server stream: Dream sends a message per cycle, Stream ten events', async (t) => {
  const client = grpcClient(t, (await startServer(t)).grpcPort);
  const dream = engram('Dream', m.DreamRequest, m.DreamResponse);
  const dreamed = await callServerStream(client, dream, make(m.DreamRequest, { replayCycles: 4 }));
  const kinds = dreamed.messages.map((message) => (message.replay ? 'r' : message.insight ? 'i' : 'p'));
  assert.deepEqual([dreamed.code, kinds.join('')], [status.OK, 'ripr']);
  const stream = engram('Stream', m.StreamRequest, m.StreamResponse);
  const events = await callServerStream(client, stream, make(m.StreamRequest, { memorySpaceId: 'abc' }));
  assert.deepEqual(
    events.messages.map(({ eventType }) => eventType),
    [1, 2, 3, 4, 5, 6, 1, 2, 3, 4],
  );
  assert.deepEqual(events.messages[0]?.metadata, { space_id: 'abc' });
});

test('bidi: one reply per message, in order; the first error ends the stream', async (t) => {
  const server = await startServer(t, { latency: { kind: 'uniform', lowNs: 0, highNs: 3e6 } });
  const client = grpcClient(t, server.grpcPort);
  const streaming = { ...REMEMBER, path: rpcPath('StreamingRemember') };
  const messages = Array.from({ length: 150 }, (_, i) => rememberOf(`s-${i}`, i + 1));
  const all = await callBidi(client, streaming, messages);
  assert.deepEqual(
    all.messages.map(({ memoryId }) => memoryId),
    messages.map(({ memory }) => memory?.id),
  );
  const broken = [...messages.slice(0, 2), make(m.RememberRequest, {}), ...messages.slice(2)];
  const failed = await callBidi(client, streaming, broken);
  assert.deepEqual([failed.code, failed.messages.length], [status.INVALID_ARGUMENT, 2]);
  const recalls = await callBidi(client, { ...RECALL, path: rpcPath('StreamingRecall') }, [
    recallOf(3),
    recallOf(4),
  ]);
  assert.deepEqual(
    recalls.messages.map(({ memories }) => memories[0]?.id),
    ['s-2', 's-3'],
  );
  assert.equal(recalls.messages[0]?.metadata?.recallTimeMs, 5n);
});

test('MemoryFlow numbers its replies and stores nothing', async (t) => {
  const server = await startServer(t);
  const flow = engram('MemoryFlow', m.MemoryFlowRequest, m.MemoryFlowResponse);
  const control = { action: m.FlowControl_Action.PAUSE, bufferRemaining: 0, preferredRate: 0, reason: '' };
  const replies = await callBidi(grpcClient(t, server.grpcPort), flow, [
    make(m.MemoryFlowRequest, { remember: rememberOf('x', 1), sessionId: 'mine' }),
    make(m.MemoryFlowRequest, { recall: recallOf(1) }),
    make(m.MemoryFlowRequest, { control }),
  ]);
  assert.deepEqual(
    replies.messages.map(({ sequenceNumber }) => sequenceNumber),
    [1n, 2n, 3n],
  );
  assert.equal(replies.messages[0]?.rememberResult?.memoryId, 'flow_1');
  assert.equal(replies.messages[0]?.sessionId, 'mine');
  assert.equal(replies.messages[2]?.status?.state, m.FlowStatus_State.PAUSED);
  assert.equal((await call(server.httpPort, 'GET', '/api/v1/memories')).json.count, 0);
});

test('ObserveStream keeps its session protocol', async (t) => {
  const client = grpcClient(t, (await startServer(t)).grpcPort);
  const stream = { clientBufferSize: 1, enableBackpressure: true, maxBatchSize: 1 };
  const init = make(m.ObservationRequest, { memorySpaceId: 'seen', init: stream });
  const close = make(m.ObservationRequest, { close: { drainQueue: true, lastSequence: 2n } });
  const good = await callBidi(client, OBSERVE, [init, observation(1), observation(2), close]);
  assert.equal(good.code, status.OK);
  assert.match(
    good.messages[0]?.initAck?.sessionId ?? '',
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.deepEqual(
    good.messages.slice(1).map(({ ack }) => ack?.memoryId),
    ['mem_1', 'mem_2'],
  );
  const codeOf = async (messages: m.ObservationRequest[]) =>
    status[(await callBidi(client, OBSERVE, messages)).code];
  assert.equal(await codeOf([observation(1)]), 'FAILED_PRECONDITION');
  assert.equal(await codeOf([init, observation(2)]), 'INVALID_ARGUMENT');
  assert.equal(await codeOf([init, observation(1, [1])]), 'INVALID_ARGUMENT');
  assert.equal(await codeOf([make(m.ObservationRequest, { init: stream })]), 'INVALID_ARGUMENT');
  assert.equal(await codeOf([make(m.ObservationRequest, {})]), 'INVALID_ARGUMENT');
});

test('the test service has every call shape, and only on demand', async (t) => {
  const client = grpcClient(t, (await startServer(t)).grpcPort);
  const shape = <I, O>(rpc: string, request: Codec<I>, response: Codec<O>) => ({
    path: shapesPath(rpc),
    request,
    response,
  });
  const echo = (number: number, failWith = 0) => ({
    number,
    payload: Buffer.from(`payload ${number}`),
    failWith,
  });
  const numbers = (messages: { number: number }[]) => messages.map(({ number }) => number);
  const unary = shape('Echo', EchoMessage, EchoMessage);
  assert.deepEqual(numbers((await callUnary(client, unary, echo(7))).messages), [7]);
  assert.equal((await callUnary(client, unary, echo(7, status.NOT_FOUND))).code, status.NOT_FOUND);
  const count = shape('Count', CountRequest, EchoMessage);
  const counted = await callServerStream(client, count, { count: 500, intervalMs: 0, payloadBytes: 2000 });
  assert.deepEqual(
    numbers(counted.messages),
    Array.from({ length: 500 }, (_, i) => i + 1),
  );
  const collect = shape('Collect', EchoMessage, CollectSummary);
  const [summary] = (
    await callClientStream(
      client,
      collect,
      [1, 2, 3].map((n) => echo(n)),
    )
  ).messages;
  assert.deepEqual([summary?.messages, summary?.payloadBytes], [3, 27n]);
  assert.equal((await callClientStream(client, collect, [echo(1, status.INTERNAL)])).code, status.INTERNAL);
  const chat = await callBidi(client, shape('Chat', EchoMessage, EchoMessage), [echo(1), echo(2), echo(3)]);
  assert.deepEqual([chat.code, numbers(chat.messages)], [status.OK, [1, 2, 3]]);
  const without: Client = grpcClient(t, (await startServer(t, { testService: false })).grpcPort);
  assert.equal((await callUnary(without, unary, echo(1))).code, status.UNIMPLEMENTED);
});
