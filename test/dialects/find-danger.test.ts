import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DangerRule } from '../../src/dialects/danger.ts';
import { createFindDanger } from '../../src/dialects/find-danger.ts';
import { DIALECTS, findDialect } from '../../src/dialects/find-dialect.ts';

function found(dialect: string, request: string, own: string[] = []): DangerRule | undefined {
  const [method = '', path = ''] = request.split(' ');
  const protocol = method === 'RPC' ? 'grpc' : 'http';
  const view = { op: 'op', protocol, method: protocol === 'grpc' ? 'POST' : method, path } as const;
  return createFindDanger(findDialect(dialect), own)(view);
}

describe('operations that would end their server', () => {
  it('are found however many other requests were looked at before, and by their method each time', () => {
    const find = createFindDanger(findDialect('generic'));
    const look = (method: string, path: string) => find({ op: 'op', protocol: 'http', method, path });
    for (let i = 0; i < 3000; i += 1) assert.equal(look('GET', `/things/${i}?q=${i}`), undefined);
    for (let i = 0; i < 2; i += 1) {
      assert.equal(look('GET', '/things/1?force=1'), undefined);
      assert.equal(look('GET', '/shutdown?force=1'), undefined);
      assert.notEqual(look('POST', '/shutdown?force=1'), undefined);
      assert.notEqual(look('POST', '/%73hutdown#x?y'), undefined);
    }
  });

  const EVERYWHERE = [
    ...[
      '/shutdown',
      '/shutdown/',
      '/shutdown?force=1',
      '//shutdown',
      '/%73hutdown',
      '/SHUTDOWN',
      '/shutdown;a=b/',
    ],
    ...['http://prod:7432/shutdown', '/./shutdown#x', '/actuator/shutdown', '/manage/actuator/shutdown'],
    ...['/quitquitquit', '/-/quit', '/abortabortabort'],
    ...[
      '/x/../shutdown',
      '/x/%2e%2E/shutdown',
      '/shutdown/.',
      '/../shutdown',
      '/shutdown/x/..',
      '/.//..//shutdown',
    ],
    ...['/\\shutdown', '/shutdown%5C', 'shutdown', `http://${'a'.repeat(3000)}/shutdown`],
    ...[`${'/'.repeat(3000)}shutdown`, `${'/x/..'.repeat(1000)}/shutdown`, `/shutdown${'/'.repeat(3000)}`],
  ].map((path) => `POST ${path}`);

  it('are known whatever the trace was named with, however the path is written', () => {
    for (const { name } of DIALECTS) {
      for (const request of EVERYWHERE) assert.ok(found(name, request), `${name}: ${request}`);
      assert.ok(found(name, 'RPC /engram.v1.EngramService/MemoryStream'), name);
      assert.ok(found(name, 'RPC /engram.v1.EngramService/MemoryStream?x=1'), name);
      assert.ok(found(name, 'HEAD /quitquitquit'), name);
    }
  });

  it('are those of a pattern with a star in its last segment, or with nothing but stars', () => {
    for (const [pattern, path] of [
      ['POST /admin/*', '/admin/stop'],
      ['POST /admin/**', '/admin/a/b'],
      ['POST **', '/x'],
      ['POST /a/sto*', '/a/stop'],
      ['POST /*/stop', '/a/stop/'],
      ['/a/**/z', '/a/b/c/z?x=1'],
    ] as const) {
      assert.ok(found('generic', `POST ${path}`, [pattern]), pattern);
      assert.equal(found('generic', 'POST /b/other/y', pattern.endsWith('**') ? [] : [pattern]), undefined);
    }
  });

  it('are not what only looks like them', () => {
    const harmless = [
      ...['GET /shutdown', 'OPTIONS /shutdown', 'POST /shutdowns', 'POST /api/shutdown', 'POST /shutdown/x'],
      ...[
        'POST /shutdown/..',
        'POST /shutdown/../x',
        'POST /x/..shutdown',
        'POST /shutdown...',
        'POST *',
        'OPTIONS *',
      ],
      ...['POST /', 'GET /?next=/shutdown', 'POST /a?path=/shutdown', 'RPC /x.Y/MemoryStream', 'GET /-/quit'],
      'RPC /engram.v1.EngramService/MemoryFlow',
    ];
    for (const { name } of DIALECTS)
      for (const request of harmless) assert.equal(found(name, request), undefined, `${name}: ${request}`);
  });

  it('are for engram also streams that never send, or have no buffer', () => {
    const events = [
      '',
      '?',
      '?event_types=',
      '?event_types=activation,decay',
      '?event_types=Activation',
      '?level=node&event_types=%20spreading',
    ];
    for (const query of events) {
      for (const route of ['monitoring', 'monitor'])
        assert.ok(found('engram', `GET /api/v1/${route}/events${query}`), query);
      assert.equal(found('generic', `GET /api/v1/monitoring/events${query}`), undefined);
    }
    assert.ok(found('engram', 'GET /api/v1/stream/activities?a=1&buffer_size=0'));
    for (const safe of [
      '/api/v1/monitoring/events?event_types=system_activation',
      '/api/v1/monitoring/events?event_types=activation,attention_shift',
      '/api/v1/monitoring/activations',
      '/api/v1/stream/activities',
      '/api/v1/stream/activities?buffer_size=10',
    ])
      assert.equal(found('engram', `GET ${safe}`), undefined, safe);
  });

  it('are what somebody names: an op, a request, an rpc', () => {
    const cases: [string, string, boolean][] = [
      ['op', 'GET /x', true],
      ['other', 'GET /x', false],
      ['POST /admin/*/stop', 'POST /admin/7/stop?now', true],
      ['POST /admin/*/stop', 'POST /admin/7/8/stop', false],
      ['post|put /admin/**', 'PUT /admin/7/8', true],
      ['POST /admin/**', 'GET /admin/7', false],
      ['* /a.c', 'DELETE /a.c', true],
      ['* /a.c', 'DELETE /abc', false],
      ['/a/drop', 'GET /a/drop/', true],
      ['Drop', 'RPC /shop.v1.Store/Drop', true],
      ['Store/Drop', 'RPC /shop.v1.Store/Drop', true],
      ['/shop.v1.Store/Drop', 'RPC /shop.v1.Store/Drop', true],
      ['Drop', 'RPC /shop.v1.Store/Backdrop', false],
      ['Drop', 'RPC /shop.v1.Store/RainDrop', false],
    ];
    for (const [pattern, request, isOne] of cases) {
      const danger = found('generic', request, [pattern]);
      assert.equal(danger !== undefined, isOne, `${pattern} on ${request}`);
    }
    assert.equal(found('generic', 'PUT /stop', ['post|put /stop'])?.pattern, 'PUT /stop');
    assert.throws(() => createFindDanger(findDialect('generic'), [' ']), { code: 'usage' });
  });
});
