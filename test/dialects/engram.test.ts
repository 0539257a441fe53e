import assert from 'node:assert/strict';
import { test } from 'node:test';
import { make } from '../../src/dev-server/grpc/rpc.ts';
import type { RequestView } from '../../src/dialects/dialect.ts';
import { engramDialect } from '../../src/dialects/engram.ts';
import { DIALECT_NAMES, findDialect } from '../../src/dialects/find-dialect.ts';
import { EngramTraceError } from '../../src/error.ts';
import { Episode, Memory } from '../../src/gen/engram/v1/memory.ts';
import {
  DreamRequest,
  ObservationRequest,
  QueryRequest,
  RememberRequest,
} from '../../src/gen/engram/v1/service.ts';
import fc, { runs } from '../support/fast-check.ts';

const http = (method: string, path: string, headers: string[] = [], body = ''): RequestView => ({
  protocol: 'http',
  method,
  path,
  headers,
  body: Buffer.from(body),
});
const grpc = (rpc: string, body: Uint8Array = new Uint8Array()): RequestView => ({
  protocol: 'grpc',
  method: 'POST',
  path: `/engram.v1.EngramService/${rpc}`,
  headers: [],
  body,
});
const describe = (request: RequestView) => {
  const { op, space } = engramDialect.describe(request);
  return `${op}@${space}`;
};

test('routes and rpcs that do the same share an op', () => {
  const memory = make(Memory, { content: 'x' });
  const episode = make(Episode, { what: 'x' });
  const rows: [RequestView, string][] = [
    [http('POST', '/api/v1/memories/remember', [], '{"content":"x"}'), 'remember@default'],
    [http('POST', '/api/v1/memories', [], '{"content":"x"}'), 'remember@default'],
    [
      grpc('Remember', RememberRequest.encode(make(RememberRequest, { memory })).finish()),
      'remember@default',
    ],
    [http('POST', '/api/v1/episodes/remember', [], '{}'), 'remember_episode@default'],
    [
      grpc('Remember', RememberRequest.encode(make(RememberRequest, { episode })).finish()),
      'remember_episode@default',
    ],
    [http('GET', '/api/v1/memories/recall?query=x'), 'recall@default'],
    [http('HEAD', '/api/v1/memories/search?query=x'), 'search@default'],
    [http('GET', '/api/v1/memories'), 'list@default'],
    [http('GET', '/api/v1/memories/mem_12345678'), 'get@default'],
    [http('DELETE', '/api/v1/memories/mem_12345678'), 'delete@'],
    [http('POST', '/api/v1/memories/recognize', [], '{"input":"x"}'), 'recognize@'],
    [http('POST', '/api/v1/query', [], '{"query_text":"RECALL x"}'), 'query@default'],
    [grpc('ExecuteQuery'), 'query@default'],
    [http('GET', '/api/v1/spaces'), 'spaces_list@'],
    [http('POST', '/api/v1/spaces', [], '{"id":"abc"}'), 'spaces_create@'],
    [http('GET', '/health/alive'), 'health@'],
    [http('POST', '/api/v1/maintenance/compact'), 'compact@default'],
    [grpc('Forget'), 'forget@default'],
    [grpc('Dream'), 'dream@default'],
    [grpc('StreamingRemember'), 'streaming_remember@default'],
    [grpc('GetReplicationStatus'), 'replication_status@'],
  ];
  for (const [request, expected] of rows) assert.equal(describe(request), expected, request.path);
});

test('what is no route falls back to the generic name', () => {
  assert.equal(describe(http('POST', '/api/v1/memories/recall')), 'POST /api/v1/memories/recall@');
  assert.equal(describe(http('GET', '/api/v1/memories/remember')), 'GET /api/v1/memories/remember@');
  assert.equal(describe(http('GET', '/favicon.ico')), 'GET /favicon.ico@');
  assert.equal(describe(http('GET', '/api/v1/new-thing/by/name')), 'GET /api/v1/new-thing/:id/:id@');
  const other = { ...grpc(''), path: '/grpc.health.v1.Health/Check' };
  assert.equal(describe(other), 'Health/Check@');
});

test('a secret that looks like a word does not become an op name', () => {
  for (const path of [
    '/reset/swordfish',
    '/swordfish1',
    '/CorrectHorse',
    '/api/v1/memories/swordfish/more',
    '/u/a/b',
  ])
    assert.doesNotMatch(describe(http('PATCH', path)), /sword|Correct|[ab]$/);
});

test('the space follows the precedence of each route', () => {
  const header = ['X-Memory-Space', 'from-header'];
  const body = '{"memory_space_id":"from-body","content":"x"}';
  const rows: [RequestView, string][] = [
    [http('POST', '/api/v1/memories/remember', header, body), 'from-header'],
    [http('POST', '/api/v1/memories/remember', [], body), 'from-body'],
    [http('POST', '/api/v1/memories/remember?space=from-query', [], '{}'), 'default'],
    [http('POST', '/api/v1/memories', [], body), 'default'],
    [http('GET', '/api/v1/memories/recall?query=x&space=from-query', header), 'from-header'],
    [http('GET', '/api/v1/memories/recall?query=x&space=from-query'), 'from-query'],
    [http('GET', '/api/v1/memories/recall?space=%66rom-query#x'), 'from-query'],
    [http('GET', '/api/v1/memories/recall?myspace=no-no&q=space=no'), 'default'],
    [http('POST', '/api/v1/query', header, body), 'from-body'],
    [http('POST', '/api/v1/query', header, '{"query_text":"x"}'), 'from-header'],
    [http('GET', '/api/v1/memories/recall?space=UPPER'), ''],
    [http('POST', '/api/v1/memories/remember', ['x-memory-space', 'a!'], body), ''],
    [http('POST', '/api/v1/memories/remember', [], '{"memory_space_id":null}'), 'default'],
    [http('POST', '/api/v1/memories/remember', [], '{"memory_space_id":7}'), ''],
  ];
  for (const [request, space] of rows)
    assert.equal(engramDialect.describe(request).space, space, describe(request));
});

test('the space of a message is its first field', () => {
  const bytes = QueryRequest.encode(
    make(QueryRequest, { memorySpaceId: 'tenant-a', queryText: 'RECALL x' }),
  ).finish();
  assert.equal(engramDialect.describe(grpc('ExecuteQuery', bytes)).space, 'tenant-a');
  const large = make(Episode, { embedding: new Array<number>(768).fill(0.5) });
  const observation = make(ObservationRequest, { memorySpaceId: 'tenant-b', observation: large });
  const cut = ObservationRequest.encode(observation).finish().subarray(0, 40);
  assert.equal(engramDialect.describe(grpc('ObserveStream', cut)).space, 'tenant-b');
  const bad = DreamRequest.encode(make(DreamRequest, { memorySpaceId: 'NOT OK' })).finish();
  assert.equal(engramDialect.describe(grpc('Dream', bad)).space, '');
  assert.equal(engramDialect.describe(grpc('Dream', Buffer.from([0x1f, 0x8b, 8, 0]))).space, '');
});

test('writes are told from reads', () => {
  const isWrite = (op: string, method = 'POST') =>
    engramDialect.isWrite({ op, protocol: 'http', method, path: '/' });
  for (const op of [
    'remember',
    'remember_episode',
    'forget',
    'streaming_remember',
    'spaces_create',
    'associate',
  ]) {
    assert.equal(isWrite(op), true, op);
  }
  for (const op of ['recall', 'search', 'get', 'query', 'complete', 'dream', 'health'])
    assert.equal(isWrite(op), false, op);
  assert.equal(isWrite('GET /other', 'GET'), false);
  assert.equal(isWrite('POST /other', 'POST'), true);
});

test('describe never throws, and no op is "overall" or without bound', () => {
  const view = fc.record({
    protocol: fc.constantFrom('http' as const, 'grpc' as const),
    method: fc.oneof(fc.constantFrom('GET', 'POST', 'DELETE'), fc.string({ unit: 'binary' })),
    path: fc.oneof(
      fc.constantFrom(
        '/api/v1/memories/remember',
        '/api/v1/query',
        '/engram.v1.EngramService/Remember',
        'overall',
      ),
      fc.webPath(),
      fc.string({ unit: 'binary', maxLength: 300 }),
    ),
    headers: fc.array(fc.string({ unit: 'binary' })),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
    ),
  });
  const dialects = DIALECT_NAMES.map(findDialect);
  fc.assert(
    fc.property(view, (request) => {
      for (const dialect of dialects) {
        const { op, space } = dialect.describe(request);
        assert.ok(op !== '' && op !== 'overall' && op.length <= 300, op);
        assert.ok(space.length <= 64);
        assert.equal(typeof dialect.isWrite({ ...request, op }), 'boolean');
      }
    }),
    { numRuns: runs(3000), seed: 1 },
  );
});

test('an unknown dialect is a usage error that lists the known ones', () => {
  assert.equal(findDialect('engram').name, 'engram');
  assert.throws(
    () => findDialect('redis'),
    (error) =>
      error instanceof EngramTraceError && error.code === 'usage' && /generic/.test(error.hint ?? ''),
  );
});
