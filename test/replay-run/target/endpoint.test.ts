import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { parseHeaderOverrides } from '../../../src/replay-run/connect/header-overrides.ts';
import {
  refuseHeadersNotForGrpc,
  warningOfHeadersNotForGrpc,
} from '../../../src/replay-run/options/grpc-headers.ts';
import { isSameServer } from '../../../src/replay-run/target/authority.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';

function usage(check: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof EngramTraceError && error.code === 'usage' && check.test(error.message);
}

describe('endpoints', () => {
  const rows: [string, string, string][] = [
    ['http://localhost:7432', 'http://localhost:7432', 'localhost:7432'],
    ['http://example.org', 'http://example.org:80', 'example.org:80'],
    ['https://Example.org/', 'https://example.org:443', 'example.org:443'],
    ['http://[::1]:7432', 'http://[::1]:7432', '[::1]:7432'],
    ['localhost:7432', 'http://localhost:7432', 'localhost:7432'],
    ['[::1]:7432', 'http://[::1]:7432', '[::1]:7432'],
    [':8080', 'http://127.0.0.1:8080', '127.0.0.1:8080'],
    ['8080', 'http://127.0.0.1:8080', '127.0.0.1:8080'],
    [':80', 'http://127.0.0.1:80', '127.0.0.1:80'],
  ];
  for (const [text, url, authority] of rows) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseHttpEndpoint(text), { url, authority, tls: url.startsWith('https') });
    });
  }

  it('takes host:port for gRPC', () => {
    assert.equal(parseGrpcEndpoint('localhost:50051').authority, 'localhost:50051');
    assert.equal(parseGrpcEndpoint('[::1]:50051').authority, '[::1]:50051');
    assert.equal(parseGrpcEndpoint('https://example.org').tls, true);
    assert.equal(parseGrpcEndpoint(':50051').authority, '127.0.0.1:50051');
  });

  it('refuses what it cannot use', () => {
    for (const text of ['localhost', 'ftp://x', '', 'http://', 'http://h:99999', ':99999', ':', ':x']) {
      assert.throws(() => parseHttpEndpoint(text), usage(/no http or https URL/), text);
    }
    assert.throws(() => parseHttpEndpoint('http://h/api'), usage(/has a path/));
    assert.throws(() => parseHttpEndpoint('h:7432/api'), usage(/has a path/));
    assert.throws(() => parseHttpEndpoint('http://h/?a=1'), usage(/has a path/));
  });

  it('refuses credentials and does not repeat them', () => {
    for (const text of [
      'http://user:hunter2@h',
      'https://hunter2@h',
      'ftp://user:hunter2@h',
      'http://user:hunter2@',
      'user:hunter2@h:7432',
    ]) {
      assert.throws(
        () => parseHttpEndpoint(text),
        (error: unknown) => usage(/./)(error) && !JSON.stringify([String(error), error]).includes('hunter2'),
      );
    }
  });
});

describe('authorities', () => {
  const same: [string, string][] = [
    ['localhost:7432', '127.0.0.1:7432'],
    ['[::1]:7432', 'LOCALHOST:7432'],
    ['::1', '127.0.0.1:80'],
    ['127.9.9.9:7432', '0.0.0.0:7432'],
    ['[::ffff:127.0.0.1]:7432', 'localhost:7432'],
    ['engram.example.org', 'Engram.Example.org.:80'],
    ['engram.example.org', 'engram.example.org:443'],
    ['http://engram.example.org', 'engram.example.org:80'],
    ['engram.example.org:80', 'engram.example.org:80'],
    ['[2001:db8::0:1]:7432', '[2001:db8::1]:7432'],
    ['[::ffff:10.0.0.5]:7432', '10.0.0.5:7432'],
    ['http://[fe80::1%25eth0]:7432', '[fe80::1]:7432'],
  ];
  for (const [a, b] of same) {
    it(`${a} is ${b}`, () => {
      assert.ok(isSameServer(a, b));
      assert.ok(isSameServer(b, a));
    });
  }

  const different: [string, string][] = [
    ['localhost:7432', 'localhost:7433'],
    ['engram.example.org:7432', 'engram.example.org:80'],
    ['engram.example.org:7432', 'staging.example.org:7432'],
    ['10.0.0.1:7432', '127.0.0.1:7432'],
    ['engram.example.org', 'engram.example.org:7432'],
  ];
  for (const [a, b] of different) {
    it(`${a} is not ${b}`, () => assert.ok(!isSameServer(a, b)));
  }
});

describe('header overrides', () => {
  const noFile = (path: string): string => assert.fail(`read ${path}`);

  it('reads names and values', () => {
    const texts = ['x-a: 1', 'Authorization:Bearer a:b', 'x-empty:'];
    assert.deepEqual(parseHeaderOverrides(texts, noFile), [
      ...['x-a', '1'],
      ...['Authorization', 'Bearer a:b'],
      ...['x-empty', ''],
    ]);
  });

  it('sends what was typed in UTF-8, and the bytes of a file', () => {
    assert.deepEqual(parseHeaderOverrides(['X: caf\u00e9', 'y: \u65e5'], noFile), [
      ...['X', 'caf\xc3\xa9'],
      ...['y', '\xe6\x97\xa5'],
    ]);
    assert.deepEqual(
      parseHeaderOverrides(['@f'], () => 'x: \xe9'),
      ['x', '\xe9'],
    );
    assert.throws(() => parseHeaderOverrides(['x: \ufffd'], noFile), usage(/not in UTF-8/));
  });

  it('names what is not set by a header', () => {
    assert.throws(() => parseHeaderOverrides([':authority: x'], noFile), usage(/':authority' is made from/));
    const endpoint = parseHttpEndpoint('http://h:1');
    const headers = ['Host', 'x', 'user-agent', 'y', 'grpc-timeout', '1S', 'Content-Type', 'z', 'x-a', '1'];
    const names = /'host', 'user-agent', 'grpc-timeout', 'content-type' from -H$/;
    assert.throws(() => refuseHeadersNotForGrpc({ http: undefined, grpc: endpoint, headers }), usage(names));
    const both = { http: endpoint, grpc: endpoint, headers };
    refuseHeadersNotForGrpc(both);
    assert.match(warningOfHeadersNotForGrpc(both) ?? '', /'grpc-timeout'.*requests of HTTP are sent with/);
    assert.equal(warningOfHeadersNotForGrpc({ ...both, grpc: undefined }), undefined);
    assert.equal(warningOfHeadersNotForGrpc({ ...both, headers: ['x-a', '1'] }), undefined);
  });

  it('reads a file of secrets', () => {
    const file = '# the staging key\nauthorization: Bearer s\r\n\nx-b: 2\n';
    assert.deepEqual(
      parseHeaderOverrides(['@secrets'], (path) => (path === 'secrets' ? file : '')),
      ['authorization', 'Bearer s', 'x-b', '2'],
    );
  });

  it('refuses what would break a message, without repeating the value', () => {
    const bad = ['no colon hunter2', ': hunter2', 'a b: hunter2', 'x: hunter2\nx-evil: 1', 'x: \0hunter2'];
    for (const text of [...bad, 'Content-Length: 5', 'transfer-encoding: chunked', 'expect: 100-continue']) {
      assert.throws(
        () => parseHeaderOverrides([text], noFile),
        (error: unknown) => usage(/header/)(error) && !String(error).includes('hunter2'),
        text,
      );
    }
    assert.throws(
      () => parseHeaderOverrides(['@f'], () => 'ok: 1\nbroken'),
      (error: unknown) => (error as EngramTraceError).where === 'f, line 2',
    );
  });
});
