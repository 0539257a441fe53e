import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SendOutcome } from '../../../src/replay/ports.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import {
  isRefusal,
  prepareHttpHead,
  prepareHttpRequest,
} from '../../../src/transports/wire-http/prepare-http-request.ts';
import { createHttpRequestContext } from '../../../src/transports/wire-http/request-headers.ts';
import { createWireHttpTransport } from '../../../src/transports/wire-http/wire-http-transport.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { OK } from '../conformance-http-support.ts';

const origin = new URL('http://engram.test:7432');

function prepared(over: Partial<TraceRecord>, headers: string[] = []): string {
  const bytes = prepareHttpRequest(makeRecord(0, over), createHttpRequestContext({ origin, headers }));
  assert.ok(!isRefusal(bytes), JSON.stringify(bytes));
  return bytes.toString('latin1');
}

test('prepared requests: the length of a body is told where there is one or one is expected', () => {
  const body = Buffer.from('ok');
  const head = 'host: engram.test:7432\r\nconnection: keep-alive\r\n';
  assert.equal(prepared({ path: '/a?b' }), `GET /a?b HTTP/1.1\r\n${head}\r\n`);
  assert.equal(prepared({ method: 'DELETE' }), `DELETE / HTTP/1.1\r\n${head}\r\n`);
  assert.equal(prepared({ method: 'PUT' }), `PUT / HTTP/1.1\r\n${head}content-length: 0\r\n\r\n`);
  assert.equal(prepared({ body }), `GET / HTTP/1.1\r\n${head}content-length: 2\r\n\r\nok`);
  assert.match(prepared({ body }, ['Connection', 'close']), /connection: close/);
});

test('prepared requests: HTTP/1.0 goes out as such, with a Host and a kept connection only where they were recorded', () => {
  const own = 'host: engram.test:7432\r\n';
  const kept = 'connection: keep-alive\r\n';
  const cases: [recorded: string[], given: string[], fields: string][] = [
    [[], [], ''],
    [['Host', 'prod:80'], [], own],
    [['Connection', 'Keep-Alive', 'Keep-Alive', '300'], [], kept],
    [
      ['Host', 'prod', 'Connection', 'keep-alive, X-Hop', 'X-Hop', '1', 'Accept', '*/*'],
      [],
      `${own}${kept}Accept: */*\r\n`,
    ],
    [['Connection', 'close'], [], 'connection: close\r\n'],
    [[], ['Host', 'given', 'Connection', 'keep-alive'], `host: given\r\n${kept}`],
    [['Connection', 'keep-alive'], ['Connection', 'close'], 'connection: close\r\n'],
  ];
  for (const [headers, given, fields] of cases) {
    const old = { httpVersion: '1.0', headers } as const;
    assert.equal(prepared({ ...old, path: '/old' }, given), `GET /old HTTP/1.0\r\n${fields}\r\n`);
    const post = { ...old, method: 'POST', body: Buffer.from('ok') };
    assert.equal(prepared(post, given), `POST / HTTP/1.0\r\n${fields}content-length: 2\r\n\r\nok`);
  }
});

test('prepared requests: one list of headers serves both versions', () => {
  const context = createHttpRequestContext({ origin });
  const start = (httpVersion: '1.0' | undefined): string =>
    String(prepareHttpRequest(makeRecord(0, { httpVersion }), context))
      .split('\r\n', 2)
      .join(' ');
  for (const _ of [1, 2]) {
    assert.equal(start('1.0').trimEnd(), 'GET / HTTP/1.0');
    assert.equal(start(undefined), 'GET / HTTP/1.1 host: engram.test:7432');
  }
});

test('prepared requests: what would be read as something else is refused, also in given headers', () => {
  const refused: [Partial<TraceRecord>, string[]][] = [
    [{ path: '/a b' }, []],
    [{ path: '/\u20ac' }, []],
    [{ path: '/a\r\nb: c' }, []],
    [{ method: 'GET /x' }, []],
    [{}, ['a', 'b\r\nc: d']],
    [{}, ['a', '\u20ac']],
    [{}, ['host', 'a', 'Host', 'b']],
    [{}, ['Transfer-Encoding', 'chunked']],
    [{}, ['content-length', '5']],
  ];
  for (const [over, headers] of refused) {
    const context = createHttpRequestContext({ origin, headers });
    const record = makeRecord(0, over);
    for (const refusal of [prepareHttpRequest(record, context), prepareHttpHead(record, context)]) {
      assert.equal((refusal as SendOutcome).failure, 'bad_request', JSON.stringify([over, headers]));
    }
  }
});

test('prepared requests: with headers that are remembered they are the same bytes, with the body or without', () => {
  const context = createHttpRequestContext({ origin });
  const headers = ['X-Memory-Space', 'one'];
  const path = fc.nat(600).map((number) => `/api/v1/memories/${number}${'x'.repeat(number)}`);
  fc.assert(
    fc.property(path, fc.constantFrom('GET', 'POST', 'HEAD'), fc.uint8Array(), (target, method, body) => {
      const record = makeRecord(0, { method, path: target, headers, body });
      const fresh = prepareHttpRequest(record, createHttpRequestContext({ origin }));
      assert.deepEqual(prepareHttpRequest(record, context), fresh);
      const head = prepareHttpHead(record, context);
      assert.ok(!isRefusal(head));
      assert.deepEqual(Buffer.concat([head, body]), fresh);
    }),
    { numRuns: 2000 },
  );
});

test('prepared requests: whatever bytes a target has, and however long it is, it goes out as it is or is refused', () => {
  const context = createHttpRequestContext({ origin });
  const unit = fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0x21, max: 0xff }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 0x0a, 0x0d, 0x20, 0x100, 0x20ac, 0xd800) },
  );
  const target = fc
    .array(unit, { maxLength: 300, size: 'max' })
    .map((codes) => `/${String.fromCharCode(...codes)}`);
  fc.assert(
    fc.property(target, fc.constantFrom('GET', 'POST', 'PROPFIND', 'G T', ''), (path, method) => {
      const made = prepareHttpRequest(makeRecord(0, { method, path }), context);
      const isSendable = /^\/[\x21-\xff]*$/.test(path) && /^[A-Z]+$/.test(method);
      if (!isSendable) assert.equal((made as SendOutcome).failure, 'bad_request');
      else
        assert.ok(!isRefusal(made) && made.toString('latin1').startsWith(`${method} ${path} HTTP/1.1\r\n`));
    }),
  );
});

test('prepared requests: sent from memory shared with another thread, they arrive as they are', async () => {
  const server = await startScriptedServer((socket, text) => {
    if (text.length < 100_000) return false;
    socket.write(OK);
    return true;
  });
  const target = new URL(`http://127.0.0.1:${server.port}`);
  const transport = createWireHttpTransport({ origin: target });
  const body = Buffer.alloc(200_000, 'shared memory ');
  const shared = Buffer.from(new SharedArrayBuffer(300_000));
  const bytes = prepareHttpRequest(
    makeRecord(0, { method: 'POST', body }),
    createHttpRequestContext({ origin: target }),
    (sizeBytes) => shared.subarray(1000, 1000 + sizeBytes),
  );
  assert.ok(!isRefusal(bytes) && bytes.buffer === shared.buffer);
  const outcome = await new Promise<SendOutcome>((resolve) => {
    transport.sendPrepared(bytes, false, { onSent() {}, onFirstAnswer() {}, onDone: resolve });
  });
  assert.equal(outcome.status, 200, outcome.detail);
  await transport.close();
  await server.close();
  assert.equal(server.received[0], bytes.toString('latin1'));
});
