import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedSend } from '../../../src/replay/send-outcome.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { createLeftOutFinder } from '../../../src/transports/request/left-out-finder.ts';
import { redactedParts, withoutRedacted } from '../../../src/transports/request/redacted.ts';
import { prepareHttpRequest } from '../../../src/transports/wire-http/prepare-http-request.ts';
import { createHttpRequestContext } from '../../../src/transports/wire-http/request-headers.ts';
import { makeRecord } from '../../support/make-record.ts';

test('redacted: what was taken out of a target is left out, and the rest stays byte for byte', () => {
  const targets: [recorded: string, sent: string][] = [
    ['/r?a=1;token=[redacted]&b=2', '/r?a=1&b=2'],
    ['/r?token=[redacted];a=1&b=%5B', '/r?a=1&b=%5B'],
    ['/r?a=1&&b;token=[redacted]', '/r?a=1&&b'],
    ['/r?token=[redacted]', '/r'],
    ['http://[redacted]@h/abs?a', 'http://h/abs?a'],
    ['http://u:[redacted]@h/abs', 'http://h/abs'],
    ['http://u:pw@h/abs?token=[redacted]', 'http://u:pw@h/abs'],
    ['/r?a=1;b=2', '/r?a=1;b=2'],
    ['/r;jsessionid=[redacted]/b;v=1?x=1', '/r/b;v=1?x=1'],
    ['/r%3Bsid%3D[redacted]?x=1', '/r?x=1'],
    ['/r?x=1#token=[redacted]', '/r?x=1'],
    ['/r?token=[redacted]#a', '/r#a'],
    ['/r?h=Bearer [redacted]&b=2', '/r?b=2'],
  ];
  for (const [recorded, sent] of targets) assert.equal(withoutRedacted(recorded), sent);
});

test('redacted: a target that can not do without what was redacted is refused', () => {
  const context = createHttpRequestContext({ origin: new URL('http://127.0.0.1:1') });
  for (const path of ['/users/[redacted]/x', 'http://h/[redacted]/x']) {
    const prepared = prepareHttpRequest(makeRecord(0, { path }), context);
    assert.deepEqual(prepared, failedSend('bad_request', 'the request path was redacted'));
  }
});

test('redacted: what is left out of a target has a name exactly where something is left out', () => {
  const targets: [recorded: string, names: string[]][] = [
    ['/r?a=1;token=[redacted]&b=2', ['query:token']],
    ['/r?a=1', []],
    ['/r;jsessionid=[redacted]/b?token=[redacted]', ['path:jsessionid', 'query:token']],
    ['/r#token=[redacted]', ['fragment']],
    ['http://u:[redacted]@h/abs?key=[redacted]&[redacted]', ['userinfo', 'query:key', 'query:[redacted]']],
  ];
  for (const [recorded, names] of targets) {
    assert.deepEqual(redactedParts(recorded), names);
    assert.equal(withoutRedacted(recorded) === recorded, names.length === 0);
  }
});

test('redacted: headers are missing unless others are given, or they would not be sent anyhow', () => {
  const headers = [
    ...[
      'Authorization',
      '[redacted]',
      'authorization',
      '[redacted]',
      'Cookie',
      'a=[redacted]',
      'accept',
      '*/*',
    ],
    ...[
      'Proxy-Authorization',
      '[redacted]',
      'Connection',
      'x-hop',
      'X-Hop',
      '[redacted]',
      'Host',
      '[redacted]',
    ],
  ];
  const record = makeRecord(0, { headers, path: '/r?key=[redacted]' });
  const bare = createLeftOutFinder([]);
  assert.deepEqual(bare(record).redacted, ['header:authorization', 'header:cookie', 'query:key']);
  assert.deepEqual(bare({ ...record, path: '/r' }).redacted, ['header:authorization', 'header:cookie']);
  const given = createLeftOutFinder(['AUTHORIZATION', 'Bearer x', 'cookie', '']);
  assert.deepEqual(given(record).redacted, ['query:key']);
  assert.deepEqual(given({ ...record, path: '/r' }).redacted, []);
});

test('redacted: the same of metadata, where a list is shared by both protocols', () => {
  const headers = [
    'authorization',
    '[redacted]',
    'user-agent',
    '[redacted]',
    'grpc-x',
    '[redacted]',
    'te',
    'trailers',
  ];
  const find = createLeftOutFinder(['authorization', 'Bearer x']);
  const [http, grpc] = (['http', 'grpc'] as const).map((protocol) => makeRecord(0, { headers, protocol }));
  assert.deepEqual(find(http as TraceRecord).redacted, ['header:user-agent', 'header:grpc-x']);
  assert.deepEqual(find(grpc as TraceRecord).redacted, ['header:user-agent', 'header:grpc-x']);
  assert.deepEqual(createLeftOutFinder([])(grpc as TraceRecord).redacted, [
    'header:authorization',
    'header:user-agent',
    'header:grpc-x',
  ]);
});

test('redacted: fields of bodies are told where the trace says that bodies were redacted', () => {
  const body = Buffer.from('{"password":"[redacted]"}');
  const plain = makeRecord(0, { body });
  const message = { fromServer: false, offsetNs: 0, data: body, sizeBytes: body.length, compressed: false };
  const stream = {
    messages: [{ ...message, data: Buffer.from('x') }, message],
    halfCloseNs: 1,
    cancelNs: undefined,
  };
  const answered = { ...stream, messages: [{ ...message, fromServer: true }] };
  const find = createLeftOutFinder([], ['header:cookie', 'body:json']);
  assert.deepEqual(find(plain).redacted, ['body']);
  assert.deepEqual(find(makeRecord(0, { protocol: 'grpc', stream })).redacted, ['body']);
  assert.deepEqual(
    find(makeRecord(0, { protocol: 'grpc', stream: answered })).redacted,
    [],
    'an answer is not sent',
  );
  assert.deepEqual(find(makeRecord(0, { body: Buffer.from('{}') })).redacted, []);
  assert.deepEqual(
    createLeftOutFinder([], ['header:cookie'])(plain).redacted,
    [],
    'the text was in the body itself',
  );
});

test('left out: what no message can hold is named, bytes above 0x7e can be sent', () => {
  const headers = [
    'x-name',
    'Ren\xc3\xa9e',
    'x-ctl',
    'a\x01',
    'bad name',
    'x',
    'x-uni',
    '\u65e5',
    'x-own',
    '\0',
  ];
  const find = createLeftOutFinder(['x-own', '1']);
  for (const protocol of ['http', 'grpc'] as const) {
    const { unsendable } = find(makeRecord(0, { headers, protocol }));
    assert.deepEqual(unsendable, ['header:x-ctl', 'header:bad name', 'header:x-uni'], protocol);
  }
});
