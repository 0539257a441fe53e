import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { ROUTES } from '../../src/dev-server/http/routes.ts';
import { shapeOf } from './support/shape-of.ts';
import { call, embedding, startServer } from './support/start-server.ts';

/** Keys and types of what a running Engram sent, by stream and event. */
const SEEN: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../../../fixtures/engram/answer-shapes.json', import.meta.url), 'utf8'),
);
const REMEMBER = '/api/v1/memories/remember';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Frame {
  id: string | undefined;
  event: string | undefined;
  comment: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: payloads are looked into freely by tests
  data: any;
}

interface Listening {
  headers: Record<string, unknown>;
  /** Waits for so many events and comments and takes them. */
  take(count: number): Promise<Frame[]>;
  /** Fulfilled when the stream is over: true when it ended, false when it was cut off. */
  over: Promise<boolean>;
  leave(): void;
}

async function listen(t: TestContext, port: number, path: string): Promise<Listening> {
  const sent = request({ host: '127.0.0.1', port, path, agent: false });
  t.after(() => sent.destroy());
  sent.on('error', () => undefined);
  sent.end();
  const [response] = await once(sent, 'response');
  assert.equal(response.statusCode, 200, path);
  let text = '';
  const over = new Promise<boolean>((resolve) => {
    response.on('error', () => undefined);
    response.on('close', () => resolve(response.complete));
  });
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    response.emit('more');
  });
  return {
    headers: response.headers,
    over,
    leave: () => sent.destroy(),
    async take(count) {
      while (text.split('\n\n').length <= count) await once(response, 'more');
      const frames = text.split('\n\n');
      text = frames.slice(count).join('\n\n');
      return frames.slice(0, count).map(parseFrame);
    },
  };
}

function parseFrame(text: string): Frame {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(text)?.[1];
  const data = field('data');
  return {
    id: field('id'),
    event: field('event'),
    comment: /^: ?(.*)$/m.exec(text)?.[1],
    data: data === undefined ? undefined : JSON.parse(data),
  };
}

test('what happens in the default space goes to the memory and the activity stream', async (t) => {
  const { httpPort: port } = await startServer(t);
  const memories = await listen(t, port, '/api/v1/stream/memories');
  const activities = await listen(t, port, '/api/v1/stream/activities?session_id=mine');
  const formations = await listen(t, port, '/api/v1/stream/memories?include_retrieval=false');
  const recalls = await listen(t, port, '/api/v1/stream/activities?event_types=recall&min_importance=0.9');
  assert.equal(memories.headers['content-type'], 'text/event-stream');
  assert.equal(memories.headers['cache-control'], 'no-cache');
  const remember = (id: string, seed: number, confidence: number, more = {}) =>
    call(port, 'POST', REMEMBER, {
      id,
      content: `text ${id}`,
      embedding: embedding(seed),
      confidence,
      ...more,
    });
  await remember('elsewhere', 1, 0.9, { memory_space_id: 'other' });
  await remember('one', 1, 0.9, { timestamp: '2024-03-01T10:00:00Z' });
  await remember('copy', 1, 0.9);
  await remember('two', 2, 0.25);
  await remember('three', 3, 0.6);
  await call(port, 'GET', '/api/v1/memories/search?query=one');
  await call(port, 'GET', '/api/v1/memories/recall?query=one&max_results=1');

  const [formed, other, ...retrieved] = await memories.take(5);
  assert.match(formed?.data.session_id, UUID);
  assert.deepEqual(
    [formed?.id, formed?.event, other?.id, other?.event],
    ['1', 'formation', '2', 'formation'],
  );
  assert.deepEqual(
    { ...formed?.data, session_id: '', description: '' },
    {
      operation: 'formation',
      description: '',
      memory_space_id: 'default',
      memory_type: 'episodic',
      confidence: Math.fround(0.9),
      timestamp: Date.parse('2024-03-01T10:00:00Z') / 1000,
      session_id: '',
      memory_id: 'one',
      consolidation_state: 'Stable',
    },
  );
  assert.deepEqual([other?.data.memory_id, other?.data.consolidation_state], ['three', 'Recent']);
  // One event for each memory that the store found, whatever the answer's limit cut off.
  assert.deepEqual(
    retrieved.map(({ id, event, data }) => [id, event, data.memory_id, data.consolidation_state]),
    [
      ['3', 'retrieval', 'one', 'Retrieved'],
      ['4', 'retrieval', 'one', 'Retrieved'],
      ['5', 'retrieval', 'three', 'Retrieved'],
    ],
  );
  assert.deepEqual(shapeOf(formed?.data), SEEN['stream_memories formation']);
  assert.deepEqual(shapeOf(retrieved[0]?.data), SEEN['stream_memories retrieval']);
  assert.match(retrieved[0]?.data.timestamp, /\+00:00$/);
  assert.equal(retrieved[2]?.data.activation, Math.fround(0.95 * Math.fround(0.6)));

  const told = await activities.take(8);
  assert.deepEqual(
    told.map(({ id, event }) => `${id} ${event}`),
    [
      '1 storage',
      '2 storage',
      '3 storage',
      '4 recall',
      '5 activation',
      '6 recall',
      '7 recall',
      '8 activation',
    ],
  );
  assert.ok(told.every(({ data }) => data.session_id === 'mine' && 'attention_required' in data.metadata));
  assert.equal(typeof told[0]?.data.timestamp, 'number');
  assert.deepEqual([told[7]?.data.memories_activated, told[7]?.data.memory_id], [2, undefined]);
  assert.deepEqual(
    (await formations.take(2)).map(({ event }) => event),
    ['formation', 'formation'],
  );
  assert.deepEqual(
    (await recalls.take(2)).map(({ id, data }) => `${id} ${data.memory_id}`),
    ['1 one', '2 one'],
  );
});

test('the consolidation stream tells progress and a heartbeat at once', async (t) => {
  const { httpPort: port } = await startServer(t);
  const stream = await listen(t, port, '/api/v1/stream/consolidation?include_progress=true&session_id=s1');
  const [progress, heartbeat] = await stream.take(2);
  assert.deepEqual(shapeOf(progress?.data), SEEN['stream_consolidation progress']);
  assert.deepEqual([progress?.event, progress?.id, progress?.data.session_id], ['progress', undefined, 's1']);
  assert.equal(heartbeat?.comment, 'consolidation heartbeat for session s1');
  const asked = await call(port, 'GET', '/api/v1/consolidations');
  assert.equal(asked.json.generated_at, progress?.data.generated_at);
  const quiet = await listen(t, port, '/api/v1/stream/consolidation');
  assert.match((await quiet.take(1))[0]?.comment ?? '', /heartbeat/);
});

test('monitoring makes up events in the shapes of the contract, under both names', async (t) => {
  const { httpPort: port } = await startServer(t);
  const keys = async (path: string) => {
    const stream = await listen(t, port, `/api/v1/${path}`);
    const frames = await stream.take(3);
    stream.leave();
    const numbers = frames.map(({ id, data }) => (Number(id) === data.sequence ? data.sequence : -1));
    assert.ok(
      numbers.every((number, i) => number > (numbers[i - 1] ?? 0)),
      String(numbers),
    );
    return [...new Set(frames.map(({ event, data }) => `${event}: ${Object.keys(data).sort().join()}`))];
  };
  const monitor = 'debug_info,description,event_type';
  const ids = 'latency_ms,level,sequence,session_id';
  const region = 'event_types=cluster_formation,region_activation&level=region&max_frequency=50';
  assert.deepEqual(await keys(`monitoring/events?${region}`), [
    `monitor: activation_level,causality,${monitor},${ids},timestamp`,
  ]);
  assert.deepEqual(await keys(`monitor/events?${region}&include_causality=false&focus_id=f&space=s-1`), [
    `monitor: activation_level,${monitor},focus_id,focused,${ids.replace('session_id', 'session_id,space_id')},timestamp`,
  ]);
  const activation = 'activation_level,latency_ms,node_id,sequence,session_id';
  assert.deepEqual(await keys('monitor/activations?frequency=100'), [
    `activation: ${activation},spreading,timestamp,visualization`,
  ]);
  assert.deepEqual(await keys('monitoring/activations?frequency=100&include_spreading=false'), [
    `activation: ${activation},timestamp,visualization`,
  ]);
  assert.deepEqual(await keys('monitoring/causality?temporal_window=1&min_confidence=0'), [
    'causality: causal_chain,confidence,latency_ms,operation_id,operation_type,sequence,session_id,timestamp',
  ]);
});

test('a made-up activation has the shape of one that was seen', async (t) => {
  const { httpPort: port } = await startServer(t);
  const stream = await listen(t, port, '/api/v1/monitoring/activations?threshold=0.3&frequency=100');
  const [frame] = await stream.take(1);
  assert.deepEqual(shapeOf(frame?.data), SEEN['monitoring activation']);
});

test('what would end or stall the real server is answered with silence', async (t) => {
  const server = await startServer(t);
  for (const path of [
    'stream/activities?buffer_size=0',
    'monitoring/events',
    'monitoring/events?level=constructor',
  ]) {
    const stream = await listen(t, server.httpPort, `/api/v1/${path}`);
    assert.equal((await call(server.httpPort, 'GET', '/health/alive')).status, 200);
    stream.leave();
  }
});

test('event streams refuse what the framework refuses, answer HEAD, and fail by the error rate', async (t) => {
  const { httpPort: port } = await startServer(t);
  const streams = ROUTES.filter(([, path]) => /\/(stream|monitoring|monitor)\/[a-z]/.test(path));
  assert.equal(streams.length, 9);
  for (const [, path] of streams) {
    const head = await call(port, 'HEAD', path);
    assert.deepEqual([head.status, head.headers['content-type']], [200, 'text/event-stream'], path);
    assert.equal((await call(port, 'POST', path, {})).status, 405, path);
  }
  const refused = await call(port, 'GET', '/api/v1/stream/memories?min_confidence=high');
  assert.deepEqual([refused.status, refused.headers['content-type']], [400, 'text/plain; charset=utf-8']);
  const failing = await startServer(t, { errorRate: 1 });
  assert.equal((await call(failing.httpPort, 'GET', '/api/v1/stream/memories')).status, 500);
});

test('an event stream is over when the server stops', async (t) => {
  const server = await startServer(t);
  const stream = await listen(t, server.httpPort, '/api/v1/stream/consolidation');
  await stream.take(1);
  await server.close();
  assert.equal(await stream.over, false);
});
