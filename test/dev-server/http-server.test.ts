import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROUTES } from '../../src/dev-server/http/routes.ts';
import { engramDialect } from '../../src/dialects/engram.ts';
import { call, embedding, nowNs, startServer } from './support/start-server.ts';

const REMEMBER = '/api/v1/memories/remember';

test('what is remembered is found: by id, text, embedding, query and list', async (t) => {
  const { httpPort: port } = await startServer(t);
  const body = { id: 'note-1', content: 'The orchard at dawn', embedding: embedding(1), confidence: 0.9 };
  const stored = await call(port, 'POST', REMEMBER, {
    ...body,
    timestamp: '2024-03-01T10:00:00Z',
    auto_link: true,
  });
  assert.equal(stored.status, 201);
  assert.equal(stored.json.memory_id, 'note-1');
  assert.deepEqual(stored.json.storage_confidence.value, 0.9);
  assert.equal(stored.json.storage_confidence.category, 'High');
  assert.equal(stored.json.consolidation_state, 'Recent');
  assert.equal(stored.json.observed_at, '2024-03-01T10:00:00.000Z');
  assert.equal(stored.json.auto_links[0].target_memory_id, 'example_linked_memory');
  assert.equal(stored.headers['x-content-type-options'], 'nosniff');

  const got = await call(port, 'GET', '/api/v1/memories/note-1');
  assert.equal(got.json.content, 'The orchard at dawn');
  assert.equal(got.json.timestamp, '2024-03-01T10:00:00.000+00:00');
  assert.equal((await call(port, 'GET', '/api/v1/memories/nope')).json.error.code, 'MEMORY_NOT_FOUND');

  const search = await call(port, 'GET', '/api/v1/memories/search?query=ORCHARD');
  assert.deepEqual([search.json.total, search.json.memories[0].id], [1, 'note-1']);
  const cue = encodeURIComponent(JSON.stringify(embedding(1)));
  assert.ok(cue.length > 10_000);
  const recall = await call(port, 'GET', `/api/v1/memories/recall?embedding=${cue}&include_metadata=true`);
  assert.equal(recall.json.memories.vivid[0].id, 'note-1');
  assert.ok(recall.json.memories.vivid[0].similarity_score > 0.999);
  assert.equal(recall.json.metadata.total_memories_searched, 1);
  const none = await call(port, 'GET', `/api/v1/memories/recall?embedding=${cue}&max_results=0`);
  assert.deepEqual(none.json.memories, { vivid: [], associated: [], reconstructed: [] });

  const query = await call(port, 'POST', '/api/v1/query', { query_text: 'RECALL orchard' });
  assert.deepEqual([query.json.total_count, query.json.episodes[0].id], [1, 'note-1']);
  const likely = await call(port, 'GET', '/api/v1/query/probabilistic?query=dawn&include_evidence=true');
  assert.equal(likely.json.confidence_interval.point, 1);
  assert.deepEqual(likely.json.evidence_chain, []);
  const near = await call(port, 'GET', `/api/v1/query/probabilistic?embedding=${cue}&include_evidence=true`);
  assert.equal(near.json.evidence_chain[0].source_type, 'vector_similarity');
  assert.equal(likely.json.uncertainty_sources, null);
  const list = await call(port, 'GET', '/api/v1/memories?include_embeddings=true');
  assert.equal(list.json.memories[0].embedding.length, 768);
  assert.deepEqual(list.json.tier_counts, { hot: 1, warm: 0, cold: 0, total: 1 });
});

test('episodes keep who and where; deleting over HTTP deletes nothing', async (t) => {
  const { httpPort: port } = await startServer(t);
  const episode = {
    when: '2024-01-01T00:00:00+02:00',
    what: 'Ada met Bo',
    who: ['Ada', 'Bo'],
    where_location: 'harbour',
  };
  const stored = await call(port, 'POST', '/api/v1/episodes/remember', episode);
  assert.match(stored.json.memory_id, /^ep_[0-9a-f]{8}$/);
  const [found] = (await call(port, 'POST', '/api/v1/query', { query_text: 'RECALL "Ada met"' })).json
    .episodes;
  assert.deepEqual(found.who, ['Ada', 'Bo']);
  assert.equal(found.where_location, 'harbour');
  assert.equal(found.when, '2023-12-31T22:00:00.000+00:00');
  const deleted = await call(port, 'DELETE', `/api/v1/memories/${stored.json.memory_id}`);
  assert.deepEqual([deleted.status, deleted.json.status], [200, 'not_supported']);
  assert.equal((await call(port, 'GET', `/api/v1/memories/${stored.json.memory_id}`)).status, 200);
});

test('refusals have the status and shape of the contract', async (t) => {
  const { httpPort: port } = await startServer(t);
  const short = { content: 'x', embedding: [1, 2, 3] };
  const partial = { partial_episode: { known_fields: { what: 'x' } } };
  const cueTooStrong = { partial_episode: { known_fields: { what: 'x' }, cue_strength: 2 } };
  // [method, path, body, status, code of the error shape or start of the plain text]
  const rows: [string, string, unknown, number, string][] = [
    ['POST', REMEMBER, { content: '  ' }, 400, 'INVALID_MEMORY_INPUT'],
    ['POST', REMEMBER, { content: 'é'.repeat(50_001) }, 400, 'INVALID_MEMORY_INPUT'],
    ['POST', REMEMBER, short, 400, 'INVALID_MEMORY_INPUT'],
    ['POST', REMEMBER, { content: 'x', memory_space_id: 'NO' }, 400, 'INVALID_MEMORY_INPUT'],
    ['POST', '/api/v1/memories', { confidence: 1 }, 400, 'INVALID_MEMORY_INPUT'],
    ['GET', '/api/v1/memories/recall', undefined, 400, 'INVALID_MEMORY_INPUT'],
    ['GET', '/api/v1/memories/recall?embedding=%5B1%5D', undefined, 400, 'INVALID_MEMORY_INPUT'],
    ['GET', '/api/v1/memories/recall?embedding=nonsense', undefined, 400, 'INVALID_MEMORY_INPUT'],
    ['GET', '/api/v1/memories/recall?query=x&mode=spreading', undefined, 400, 'INVALID_MEMORY_INPUT'],
    ['GET', '/api/v1/memories/search', undefined, 400, 'INVALID_MEMORY_INPUT'],
    ['GET', '/api/v1/memories?tier=lukewarm', undefined, 400, 'BAD_REQUEST'],
    ['POST', '/api/v1/query', { query_text: 'FIND x' }, 400, 'BAD_REQUEST'],
    [
      'POST',
      '/api/v1/query',
      { query_text: 'x', memory_space_id: 'unknown-space' },
      404,
      'RESOURCE_NOT_FOUND',
    ],
    ['POST', '/api/v1/query', { query_text: 'SPREAD FROM x' }, 500, 'MEMORY_SYSTEM_ERROR'],
    ['POST', '/api/v1/complete', partial, 422, 'MEMORY_VALIDATION_ERROR'],
    ['POST', '/api/v1/complete', cueTooStrong, 422, 'MEMORY_VALIDATION_ERROR'],
    ['GET', '/api/v1/system/health?space=NO', undefined, 422, 'MEMORY_VALIDATION_ERROR'],
    ['GET', '/api/v1/consolidations/b1', undefined, 404, 'CONSOLIDATION_NOT_FOUND'],
    ['GET', '/cluster/nodes', undefined, 501, 'FEATURE_NOT_ENABLED'],
    ['POST', REMEMBER, '{"content":', 400, 'Failed to parse the request body as JSON'],
    [
      'POST',
      REMEMBER,
      '{\n "id": "x"}\n',
      422,
      'Failed to deserialize the JSON body into the target type: missing field `content` at line 2 column 11',
    ],
    ['POST', REMEMBER, { content: 7 }, 422, 'Failed to deserialize the JSON body'],
    [
      'POST',
      '/api/v1/episodes/remember',
      { when: 'yesterday', what: 'x' },
      422,
      'Failed to deserialize the JSON body',
    ],
    ['POST', REMEMBER, { content: 'x'.repeat(2 * 1024 * 1024) }, 413, 'Failed to buffer the request body'],
    [
      'GET',
      '/api/v1/memories/recall?query=x&threshold=high',
      undefined,
      400,
      'Failed to deserialize query string',
    ],
    [
      'GET',
      '/api/v1/memories/recall?query=x&from_time=now',
      undefined,
      400,
      'Failed to deserialize query string',
    ],
    ['POST', '/api/v1/recall', {}, 404, ''],
    ['POST', '/api/v1/memories/recall', {}, 405, ''],
    ['GET', `/x?${'a'.repeat(70_000)}`, undefined, 414, ''],
  ];
  for (const [method, path, body, status, expected] of rows) {
    const answer = await call(port, method, path, body);
    const what = `${method} ${path.slice(0, 60)} ${JSON.stringify(body)?.slice(0, 60)}`;
    assert.equal(answer.status, status, what);
    if (answer.json) {
      assert.equal(answer.json.error.code, expected, what);
      assert.deepEqual(Object.keys(answer.json.documentation), ['api_guide', 'memory_concepts', 'examples']);
    } else {
      assert.ok(
        expected === '' ? answer.text === '' : answer.text.startsWith(expected),
        `${what}: ${answer.text}`,
      );
    }
  }
  const wrongType = await call(port, 'POST', REMEMBER, '{"content":"x"}', { 'content-type': 'text/plain' });
  assert.equal(wrongType.status, 415);
  assert.equal((await call(port, 'POST', '/api/v1/memories/recall', {})).headers['allow'], 'GET,HEAD');
});

test('spaces: precedence, creation by naming, and their list', async (t) => {
  const { httpPort: port } = await startServer(t);
  const header = { 'x-memory-space': 'by-header' };
  const body = (seed: number) => ({
    content: `text ${seed}`,
    embedding: embedding(seed),
    memory_space_id: 'by-body',
  });
  await call(port, 'POST', REMEMBER, body(1), header);
  await call(port, 'POST', REMEMBER, body(2));
  await call(port, 'POST', `${REMEMBER}?space=by-query`, { content: 'text 3', embedding: embedding(3) });
  await call(port, 'POST', '/api/v1/memories', { content: 'text 4', memory_space_id: 'by-body' });
  const total = async (path: string, headers = {}) => {
    return (await call(port, 'GET', `/api/v1/memories${path}`, undefined, headers)).json.tier_counts
      .hot as number;
  };
  assert.equal(await total('?space=by-body', header), 1);
  assert.equal(await total('?space=by-body'), 1);
  assert.equal(await total(''), 2);
  const inBody = { query_text: 'RECALL text', memory_space_id: 'by-body' };
  const query = await call(port, 'POST', '/api/v1/query', inBody, header);
  assert.deepEqual(
    query.json.episodes.map((episode: { what: string }) => episode.what),
    ['text 2'],
  );
  const invalid = await call(port, 'GET', '/api/v1/memories?space=by-body', undefined, {
    'x-memory-space': 'NO',
  });
  assert.equal(invalid.status, 400);
  assert.equal(await total('?space=made-by-naming'), 0);
  assert.equal((await call(port, 'POST', '/api/v1/spaces', { id: 'made-by-post' })).status, 201);
  assert.equal((await call(port, 'POST', '/api/v1/spaces', { id: 'ab' })).status, 400);
  const spaces = (await call(port, 'GET', '/api/v1/spaces')).json.spaces.map(({ id }: { id: string }) => id);
  assert.deepEqual(spaces, ['by-body', 'by-header', 'default', 'made-by-naming', 'made-by-post']);
});

test('completion needs 256 known values and a threshold of 0', async (t) => {
  const { httpPort: port } = await startServer(t);
  const body = (known: number) => ({
    partial_episode: {
      known_fields: { what: 'x' },
      partial_embedding: embedding(1).map((v, i) => (i < known ? v : null)),
    },
  });
  const config = { ca1_threshold: 0 };
  const done = await call(port, 'POST', '/api/v1/complete', { ...body(256), config });
  assert.equal(done.status, 200);
  assert.match(done.json.completed_episode.id, /^completed_\d+$/);
  assert.equal(done.json.source_attribution.what.source, 'recalled');
  assert.equal((await call(port, 'POST', '/api/v1/complete', { ...body(255), config })).status, 422);
  // Any threshold above 0 asks for more than the engine can give, as the words of the refusal do not say.
  for (const more of [{}, { config: { ca1_threshold: 0.3, max_iterations: 10 } }]) {
    const refused = await call(port, 'POST', '/api/v1/complete', { ...body(768), ...more });
    assert.equal(refused.status, 422);
    assert.match(
      refused.json.error.message,
      /minimum 30% cue overlap\. Current overlap: 100\.0% \(768 of 768/,
    );
  }
});

test('the rest of the surface answers', async (t) => {
  const { httpPort: port } = await startServer(t);
  assert.equal((await call(port, 'GET', '/health/alive')).text, '');
  assert.equal((await call(port, 'GET', '/health')).json.status, 'healthy');
  const system = await call(port, 'GET', '/api/v1/system/health?space=unknown');
  assert.equal(system.json.spaces.length, 0);
  const spreading = await call(port, 'GET', '/health/spreading');
  const spread = system.json.checks.at(-1);
  assert.deepEqual([spreading.status, spreading.json], [200, { ...spread, consecutive_successes: 2 }]);
  assert.equal(system.json.checks.length, 6);
  assert.equal((await call(port, 'GET', '/api/v1/system/introspect')).json.memory_statistics.total_nodes, 0);
  assert.equal((await call(port, 'GET', '/metrics')).json.snapshot.schema_version, '1.1.0');
  assert.match(
    String((await call(port, 'GET', '/metrics/prometheus')).headers['content-type']),
    /version=0.0.4/,
  );
  assert.deepEqual((await call(port, 'GET', '/api/v1/consolidations')).json.beliefs, []);
  assert.equal((await call(port, 'POST', '/api/v1/maintenance/compact')).json.compaction, null);
  assert.deepEqual((await call(port, 'GET', '/api/v1/episodes/replay?x=1')).json.episodes, []);
  const recognized = await call(port, 'POST', '/api/v1/memories/recognize', { input: 'eleven bytes' });
  assert.equal(recognized.json.recognized, true);
  const moved = await call(port, 'GET', '/docs');
  assert.deepEqual([moved.status, moved.headers['location'], moved.text], [307, '/docs/', '']);
  assert.match((await call(port, 'GET', '/docs/')).text, /<html/);
  const routes = (await call(port, 'GET', '/api-docs/openapi.json')).json.paths;
  assert.ok(routes['/api/v1/memories/{id}'].delete && routes['/docs/'].get);
  assert.deepEqual(JSON.parse((await call(port, 'GET', '/api-docs/openapi.yaml')).text).paths, routes);
  assert.equal((await call(port, 'POST', '/shutdown')).json.status, 'shutdown_initiated');
  const head = await call(port, 'HEAD', '/health');
  assert.deepEqual([head.status, head.text], [200, '']);
  const preflight = (await call(port, 'OPTIONS', REMEMBER)).headers;
  assert.deepEqual(
    ['origin', 'methods', 'headers'].map((name) => preflight[`access-control-allow-${name}`]),
    ['*', '*', '*'],
  );
  assert.match(String(preflight['vary']), /^origin, /);
});

test('a space that is slow to make holds up what comes to it first, and nothing else', async (t) => {
  const makeSpaceNs = 300e6;
  const { httpPort: port } = await startServer(t, { makeSpaceNs });
  const startNs = nowNs();
  const made = call(port, 'POST', '/api/v1/spaces', { id: 'slow-one' });
  const used = call(port, 'POST', REMEMBER, { content: 'x', memory_space_id: 'slow-two' });
  const first = await Promise.race([made, used, call(port, 'GET', '/api/v1/memories/recall?query=x')]);
  assert.equal(first.json.recall_confidence.value, 0.8);
  assert.deepEqual([(await made).status, (await used).status], [201, 201]);
  assert.ok(nowNs() - startNs >= makeSpaceNs);
});

test('every route that the server knows, but for pages that people read, has a name in the dialect', async (t) => {
  const { httpPort: port } = await startServer(t);
  const answer = await call(port, 'PATCH', '/api/v1/memories/some-id');
  assert.equal(answer.headers['allow'], 'GET,HEAD,DELETE');
  for (const [method, path] of ROUTES) {
    if (/^\/(api-)?docs/.test(path)) continue;
    const view = {
      protocol: 'http',
      method,
      path: path.replace('{id}', 'x'),
      headers: [],
      body: new Uint8Array(),
    } as const;
    assert.match(engramDialect.describe(view).op, /^[a-z_]+$/, `${method} ${path}`);
  }
});
