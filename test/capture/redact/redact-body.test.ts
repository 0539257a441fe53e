import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { ENGRAM_FIELDS, ENGRAM_RPCS } from '../../../src/capture/redact/engram-fields.ts';
import { createParameterRule } from '../../../src/capture/redact/parameter-rule.ts';
import { redactBody } from '../../../src/capture/redact/redact-body.ts';
import { createRedactingSink } from '../../../src/capture/redacting-sink.ts';
import { Memory } from '../../../src/gen/engram/v1/memory.ts';
import { MemoryFlowRequest, RememberRequest } from '../../../src/gen/engram/v1/service.ts';
import { NO_BYTES, type TraceRecord } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { MARKER, SECRET_PARAMETERS } from './secret-kinds.ts';

const rule = createParameterRule({ keep: ['session_state'], redact: ['mine'] }, 'field');
const redacted = (text: string | Buffer, contentType: string, coding = ''): string | undefined => {
  const bytes = redactBody(Buffer.from(text), { contentType, coding }, rule);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
};

const JSON_BODIES: readonly [body: string, expected: string][] = [
  ['{"a":1,"password":"§"}', '{"a":1,"password":"[redacted]"}'],
  ['{"a":{"b":[{"apiKey" : "§"}]}}', '{"a":{"b":[{"apiKey" : "[redacted]"}]}}'],
  ['{"pass\\u0077ord":"§","x":"\\"y"}', '{"pass\\u0077ord":"[redacted]","x":"\\"y"}'],
  ['{"otp":123456,"n":1.5e3}', '{"otp":"[redacted]","n":1.5e3}'],
  [
    '{"credentials":{"user":"§","n":[1,"§"]},"z":2}',
    '{"credentials":{"user":"[redacted]","n":["[redacted]","[redacted]"]},"z":2}',
  ],
  [
    '{"token":null,"auth":true,"secret":"","max_tokens":5}',
    '{"token":null,"auth":true,"secret":"","max_tokens":5}',
  ],
  ['{"session_state":"kept","mine":"§"}', '{"session_state":"kept","mine":"[redacted]"}'],
  ['{"inner":"{\\"token\\":\\"§\\"}"}', '{"inner":"{\\"token\\":\\"[redacted]\\"}"}'],
  ['{"url":"https://h/?access_token=§"}', '{"url":"https://h/?access_token=[redacted]"}'],
  [
    '{"query":"mutation { login(in: {user: \\"a\\", password : \\"§\\"}) { token } }"}',
    '{"query":"mutation { login(in: {user: \\"a\\", password : \\"[redacted]\\"}) { token } }"}',
  ],
  [
    '{"query":"{ a(secret: \\"\\"\\"x \\" §\\"\\"\\") }"}',
    '{"query":"{ a(secret: \\"\\"\\"[redacted]\\"\\"\\") }"}',
  ],
  ['{"js":"login({token: \'§\'})"}', '{"js":"login({token: \'[redacted]\'})"}'],
  ['{"h":"Bearer §"}', '{"h":"Bearer [redacted]"}'],
  ['{"secret":"a\\"§"}', '{"secret":"[redacted]"}'],
  ['{"secret":"a\n§"}', '{"secret":"[redacted]"}'],
  ['{"secret":"§', '{"secret":"[redacted]'],
  ['{"a":1}\n{"token":"§"}\n', '{"a":1}\n{"token":"[redacted]"}\n'],
  ['[{"key":"user:1","value":"x"}]', '[{"key":"user:1","value":"x"}]'],
  ['{"code":"not_found","state":"open"}', '{"code":"not_found","state":"open"}'],
  ['data: {"password":"§"}\n\n', 'data: {"password":"[redacted]"}\n\n'],
].map(([body, expected]) => [(body as string).replaceAll('§', MARKER), expected as string]);

describe('redaction of bodies', () => {
  for (const [body, expected] of JSON_BODIES) {
    it(`JSON: ${JSON.stringify(body)}`, () => {
      for (const type of ['application/json', '', 'text/plain', 'application/vnd.x+json; charset=utf-8'])
        assert.equal(redacted(body, type), expected);
      assert.equal(redacted(expected, 'application/json'), expected, 'and a second time');
    });
  }

  it('replaces the texts behind secret names in GraphQL', () => {
    const query = (value: string): string => `mutation { login(user: "a", password: "${value}") { token } }`;
    assert.equal(redacted(query(MARKER), 'application/graphql'), query('[redacted]'));
    assert.equal(redacted(query('[redacted]'), 'application/graphql'), query('[redacted]'));
  });

  it('replaces every name that is a secret in a query', () => {
    const plain = SECRET_PARAMETERS.filter(
      (name) => !/[%[]/.test(name) && name !== 'key' && name !== 'session_state',
    );
    for (const name of plain) {
      assert.equal(
        redacted(JSON.stringify({ [name]: MARKER }), 'application/json'),
        JSON.stringify({ [name]: '[redacted]' }),
      );
    }
    for (const name of SECRET_PARAMETERS.filter((each) => each !== 'key' && each !== 'session_state'))
      assert.equal(
        redacted(`a=1&${name}=x;${MARKER}&b=2`, 'application/x-www-form-urlencoded'),
        `a=1&${name}=[redacted]&b=2`,
      );
  });

  it('leaves valid JSON valid, without the secret, and all else as it was', () => {
    const secret = fc.constantFrom('password', 'access_token', 'clientSecret', 'x-api-key');
    fc.assert(
      fc.property(fc.json(), secret, fc.string(), fc.boolean(), (other, name, noise, isDeep) => {
        const value = { before: JSON.parse(other), noise, [name]: `${MARKER}${noise}` };
        const body = JSON.stringify(isDeep ? [{ deep: value }] : value);
        const clean = redacted(body, 'application/json') as string;
        assert.ok(!clean.includes(MARKER));
        const parsed = JSON.parse(clean);
        assert.equal((isDeep ? parsed[0].deep : parsed)[name], '[redacted]');
        assert.equal(redacted(clean, 'application/json'), clean);
      }),
      { numRuns: 200 },
    );
  });

  it('replaces fields of multipart forms, and fields in JSON parts', () => {
    const part = (head: string, body: string): string =>
      `--xY\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
    const form = (password: string, json: string): string =>
      `${part('name="user"', 'u') + part('name="password"', password)}${part('name="meta"\r\nContent-Type: application/json', json)}--xY--\r\n`;
    assert.equal(
      redacted(form(`${MARKER}\r\n${MARKER}`, `{"token":"${MARKER}"}`), 'multipart/form-data; boundary=xY'),
      form('[redacted]', '{"token":"[redacted]"}'),
    );
    assert.equal(
      redacted(form('x', '{}'), 'multipart/form-data'),
      undefined,
      'no boundary: nothing can be told apart',
    );
  });

  it('looks into gzip and keeps what it changed in a form where [redacted] is found', () => {
    const body = gzipSync(JSON.stringify({ password: MARKER, text: 'x'.repeat(1000) }));
    const clean = redactBody(body, { contentType: 'application/json', coding: 'gzip' }, rule) as Buffer;
    assert.ok(clean.includes('[redacted]'));
    assert.ok(!gunzipSync(clean).includes(MARKER));
    const harmless = gzipSync('{"a":1}');
    assert.equal(redactBody(harmless, { contentType: 'application/json', coding: 'gzip' }, rule), harmless);
  });

  it('does not keep what it can not look into', () => {
    const secret = JSON.stringify({ password: MARKER });
    assert.equal(redacted(brotliCompressSync(secret), 'application/json', 'br'), undefined);
    assert.equal(redacted(deflateSync(secret), 'application/json', 'deflate'), undefined);
    assert.equal(redacted(secret, 'application/json', 'zstd'), undefined);
    assert.equal(redacted(secret, 'application/json', 'gzip'), undefined);
    assert.equal(redacted(gzipSync(Buffer.alloc(8 << 20)), 'application/json', 'gzip'), undefined, 'a bomb');
    assert.equal(redacted(`{"a":"${'x'.repeat(5 << 20)}"}`, 'application/json'), undefined, 'too large');
  });

  it('keeps bodies that have no names of fields', () => {
    const image = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 0x22, 0x3a]);
    assert.equal(redactBody(image, { contentType: 'image/png', coding: '' }, rule), image);
    assert.equal(redacted('password: x', 'text/plain'), 'password: x');
  });
});

function kept(record: TraceRecord): { record: TraceRecord; truncatedBytes: number } {
  let truncated = -1;
  const sink = {
    add: (_: TraceRecord, bytes: number) => (truncated = bytes),
    drop: () => {},
    unfollowed: () => {},
  };
  createRedactingSink(sink, rule).add(record, 0);
  return { record, truncatedBytes: truncated };
}

describe('redaction of messages', () => {
  it('knows the fields and rpcs of the published proto files', () => {
    const proto = ['memory', 'service']
      .map((name) =>
        readFileSync(new URL(`../../../../proto/engram/v1/${name}.proto`, import.meta.url), 'utf8'),
      )
      .join('\n')
      .replace(/\/\/.*/g, '');
    for (const [, rpc = '', request, response] of proto.matchAll(
      /rpc (\w+)\((?:stream )?(\w+)\) returns \((?:stream )?(\w+)\)/g,
    ))
      assert.deepEqual(ENGRAM_RPCS[rpc], [request, response]);
    const texts = [
      ...proto.matchAll(
        /message (\w+) \{|^ *(?:repeated |optional )?(string|bytes|map<string, string>) (\w+) = (\d+)/gm,
      ),
    ];
    let message = '';
    for (const [, opened, type, name, number] of texts) {
      if (opened !== undefined) message = opened;
      else
        assert.match(
          ENGRAM_FIELDS[message] ?? '',
          new RegExp(`\\b${number} ${name}${type?.startsWith('map') ? ':\\*' : ''}(,|$)`),
        );
    }
    assert.ok(texts.length > 100);
  });

  it('replaces texts and entries of maps, at any depth, and leaves a valid message', () => {
    const memory = {
      ...Memory.decode(NO_BYTES),
      id: 'm',
      content: 'kept',
      metadata: { password: MARKER, colour: 'red' },
      tags: ['t'],
    };
    const sent = RememberRequest.encode({
      ...RememberRequest.decode(NO_BYTES),
      memorySpaceId: 'space',
      memory,
    }).finish();
    assert.ok(Buffer.from(sent).includes(MARKER), 'the message is what it should be');
    const { record } = kept(
      makeRecord(0, {
        protocol: 'grpc',
        path: '/engram.v1.EngramService/Remember',
        headers: ['content-type', 'application/grpc'],
        body: sent,
      }),
    );
    assert.ok(!Buffer.from(record.body).includes(MARKER));
    const read = JSON.stringify(RememberRequest.decode(record.body));
    for (const text of ['"space"', '"kept"', '"red"', '"[redacted]"']) assert.ok(read.includes(text), read);
  });

  it('replaces the session of each message of a stream, whose size is then that of what is kept', () => {
    const data = MemoryFlowRequest.encode({
      ...MemoryFlowRequest.decode(NO_BYTES),
      memorySpaceId: 's',
      sessionId: MARKER,
    }).finish();
    const message = { fromServer: false, offsetNs: 1, data, sizeBytes: data.length, compressed: false };
    const zipped = { ...message, data: gzipSync(data), compressed: true };
    zipped.sizeBytes = zipped.data.length;
    const broken = { ...message, data: Buffer.from([0x0a, 0x7f]), sizeBytes: 2 };
    const { record, truncatedBytes } = kept(
      makeRecord(0, {
        protocol: 'grpc',
        path: '/engram.v1.EngramService/MemoryFlow',
        headers: ['content-type', 'application/grpc', 'grpc-encoding', 'gzip'],
        stream: { messages: [message, zipped, broken], halfCloseNs: 2, cancelNs: undefined },
      }),
    );
    const [first, second, third] = record.stream?.messages ?? [];
    assert.ok(first && second && third);
    assert.equal(MemoryFlowRequest.decode(first.data).sessionId, '[redacted]');
    assert.equal(MemoryFlowRequest.decode(gunzipSync(second.data)).sessionId, '[redacted]');
    assert.deepEqual([first.sizeBytes, second.sizeBytes], [first.data.length, second.data.length]);
    assert.equal(third.data.length, 0);
    assert.deepEqual(
      [record.bodyBytesMissing, truncatedBytes],
      [2, 2],
      'what could not be read is a loss that is counted',
    );
  });

  it('says of a body that is not kept that it is missing, and leaves such an answer out', () => {
    const outcome = { ...makeRecord(0, {}).outcome, response: brotliCompressSync(`{"token":"${MARKER}"}`) };
    const body = brotliCompressSync(`{"token":"${MARKER}"}`);
    const headers = [
      'Content-Type',
      'application/json',
      'Content-Encoding',
      'br',
      'Accept-Encoding',
      'gzip, br',
    ];
    const { record, truncatedBytes } = kept(makeRecord(0, { protocol: 'http', headers, body, outcome }));
    assert.deepEqual(
      [record.body.length, record.bodyBytesMissing, truncatedBytes],
      [0, body.length, body.length],
    );
    assert.equal(record.outcome.response, undefined);
  });
});
