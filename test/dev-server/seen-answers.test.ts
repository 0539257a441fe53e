import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { shapeOf } from './support/shape-of.ts';
import { call, embedding, startServer } from './support/start-server.ts';

/** Keys and types of what a running Engram answered, by what was asked and the status. */
const SEEN: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../../../fixtures/engram/answer-shapes.json', import.meta.url), 'utf8'),
);
const STREAMED = ['stream_memories', 'stream_consolidation', 'monitoring'];
const API = '/api/v1';

test('answers have the keys and types that a running Engram was seen to send', async (t) => {
  const { httpPort: port } = await startServer(t);
  const episode = { when: '2024-03-01T10:00:00Z', what: 'weak episode', embedding: embedding(2) };
  const remember = (more: object) => call(port, 'POST', `${API}/memories/remember`, more);
  await remember({ id: 'm1', content: 'strong words', embedding: embedding(1), confidence: 0.9 });
  // [what was asked and the status, method, path, body]
  const rows: [string, string, string, unknown?][] = [
    ['remember 201', 'POST', `${API}/memories/remember`, { content: 'other', embedding: embedding(3) }],
    ['remember 400', 'POST', `${API}/memories/remember`, { content: 'bad', embedding: [1, 2] }],
    ['remember 422', 'POST', `${API}/memories/remember`, { embedding: embedding(4) }],
    ['remember_episode 201', 'POST', `${API}/episodes/remember`, episode],
    ['recall 200', 'GET', `${API}/memories/recall?query=strong`],
    ['recall 400', 'GET', `${API}/memories/recall?query=strong&space=BAD`],
    ['search 200', 'GET', `${API}/memories/search?query=strong&limit=5`],
    ['probabilistic_query 200', 'GET', `${API}/query/probabilistic?query=strong`],
    ['query 200', 'POST', `${API}/query`, { query_text: 'RECALL strong' }],
    [
      'complete 422',
      'POST',
      `${API}/complete`,
      {
        partial_episode: { known_fields: {}, partial_embedding: embedding(1) },
        config: { ca1_threshold: 0.3 },
      },
    ],
    ['list 200', 'GET', `${API}/memories?limit=5`],
    ['get 200', 'GET', `${API}/memories/m1`],
    ['get 404', 'GET', `${API}/memories/m0`],
    ['delete 200', 'DELETE', `${API}/memories/m1`],
    ['recognize 200', 'POST', `${API}/memories/recognize`, { input: 'something long' }],
    ['consolidations 200', 'GET', `${API}/consolidations`],
    ['spaces_list 200', 'GET', `${API}/spaces`],
    ['introspect 200', 'GET', `${API}/system/introspect`],
    ['health 200', 'GET', '/health'],
  ];
  for (const [key, method, path, body] of rows) {
    const answer = await call(port, method, path, body);
    const [op = ''] = key.split(' ');
    assert.equal(`${op} ${answer.status}`, key, answer.text);
    assert.deepEqual(answer.json === undefined ? 'text' : shapeOf(answer.json), SEEN[key], key);
  }
  const compared = new Set(rows.map(([key]) => key));
  const left = Object.keys(SEEN).filter(
    (key) => !compared.has(key) && !STREAMED.includes(key.split(' ')[0] ?? ''),
  );
  assert.deepEqual(left, []);
});
