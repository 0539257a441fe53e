import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { URL_HEADERS } from '../../../src/capture/redact/header-rule.ts';
import { createRedactor } from '../../../src/capture/redact/redactor.ts';
import { SECRET_WORDS } from '../../../src/capture/redact/secret-words.ts';

describe('redactor', () => {
  const redactor = createRedactor({ headers: { redact: ['X-Mine'] }, parameters: { redact: ['Mine'] } });

  it('replaces values of secret headers, whatever their case, and keeps order and repetition', () => {
    const list = [
      'Host',
      'a',
      'AUTHORIZATION',
      's1',
      'x',
      'y',
      'Cookie',
      's2',
      'cookie',
      's3',
      'x-mine',
      's4',
      'api-key-bin',
      's5',
    ];
    const expected = ['Host', 'a', 'AUTHORIZATION', '[redacted]', 'x', 'y', 'Cookie', '[redacted]'];
    expected.push('cookie', '[redacted]', 'x-mine', '[redacted]', 'api-key-bin', '[redacted]');
    assert.deepEqual(redactor.headers(list, false), expected);
    assert.deepEqual(redactor.headers(list, true), expected);
    assert.equal(redactor.headers(list, true), redactor.headers(list, true), 'one list stays one list');
    assert.equal(list[3], 's1', 'what the parser holds is not touched');
  });

  it('leaves a list without secrets alone', () => {
    const list = ['host', 'a', 'author-info', 'x'];
    assert.equal(redactor.headers(list, false), list);
  });

  const targets: [string, string][] = [
    ['/a?b=1', '/a?b=1'],
    ['/a?token=s&b=token', '/a?token=[redacted]&b=token'],
    ['/a?API_KEY=s;key=s&key=s2', '/a?API_KEY=[redacted];key=[redacted]&key=[redacted]'],
    ['/a?api%5Fkey=s&%61pikey=s', '/a?api%5Fkey=[redacted]&%61pikey=[redacted]'],
    ['/a?mine=s#frag', '/a?mine=[redacted]'],
    ['/a?token', '/a?token'],
    ['/a?%zz=1&token=a=b', '/a?%zz=1&token=[redacted]'],
    ['http://user:pass@host/a?x=1', 'http://[redacted]@host/a?x=1'],
    ['http://host/a@b', 'http://host/a@b'],
    ['/token=1', '/token=[redacted]'],
    ['/token/1=1', '/token/1=1'],
    [
      '/a?api_key[]=s&x[token]=s&x%5Bjwt%5D=s',
      '/a?api_key[]=[redacted]&x[token]=[redacted]&x%5Bjwt%5D=[redacted]',
    ],
    [
      '/a?auth-token=s&sessionid=s&accessToken=s',
      '/a?auth-token=[redacted]&sessionid=[redacted]&accessToken=[redacted]',
    ],
    [
      '/a?passwd=s&authorization=s&bearer=s',
      '/a?passwd=[redacted]&authorization=[redacted]&bearer=[redacted]',
    ],
    ['/a?credential=s;credentials=s', '/a?credential=[redacted];credentials=[redacted]'],
    ['/a?%74oken%20=s&code=kept', '/a?%74oken%20=[redacted]&code=kept'],
    ['/a?token=s;more&b=1;c', '/a?token=[redacted]&b=1;c'],
    ['/a#token=s', '/a#token=[redacted]'],
    ['/a?x=1#token=s&b=2', '/a?x=1#token=[redacted]&b=2'],
    ['/a?next=/b?token=s', '/a?next=/b?token=[redacted]'],
    ['/a?x[tokens]=kept&monkey=kept', '/a?x[tokens]=kept&monkey=kept'],
    ['user:pass@host:443', '[redacted]@host:443'],
    ['host:443', 'host:443'],
    ['//a@b/c', '//a@b/c'],
    ['*', '*'],
  ];
  for (const [target, expected] of targets) {
    it(`${target} → ${expected}`, () => assert.equal(redactor.target(target), expected));
  }

  const values: [string, string, string][] = [
    ['Referer', 'http://u:p@h/a?x=1&token=s', 'http://[redacted]@h/a?x=1&token=[redacted]'],
    ['Referer', 'http://h/a?x=1', 'http://h/a?x=1'],
    ['X-Original-URL', '/a?token=s', '/a?token=[redacted]'],
    ['x-rewrite-url', '/a?mine=s', '/a?mine=[redacted]'],
    ['X-Forwarded-Uri', '/a?token=s', '/a?token=[redacted]'],
    ['Location', '//u:p@h/#access_token=s', '//[redacted]@h/#access_token=[redacted]'],
    [':authority', 'u:p@h:443', '[redacted]@h:443'],
    ['X_Api_Key', 's', '[redacted]'],
    ['X-XSRF-Token', 's', '[redacted]'],
    ['Sec-WebSocket-Protocol', 'chat, Bearer, s', 'chat, Bearer, [redacted]'],
    ['Sec-WebSocket-Protocol', 'base64url.bearer.k8s.io.s, v4', '[redacted], v4'],
    ['Sec-WebSocket-Protocol', 'graphql-ws, chat', 'graphql-ws, chat'],
  ];
  for (const [name, value, expected] of values) {
    it(`${name}: ${value} → ${expected}`, () => {
      assert.deepEqual(redactor.headers([name, value], false), [name, expected]);
      assert.deepEqual(redactor.headers([name, value], false), [name, expected], 'and a second time');
    });
  }

  it('obeys flags: a full name beats a glob, redact beats keep, and both beat the rules', () => {
    const flagged = createRedactor({
      headers: { redact: ['x-m*', 'X-Both'], keep: ['X_Session_*', 'x-mine', 'x-both', 'authorization'] },
      parameters: { redact: ['m?ne', 'both'], keep: ['session*', 'mine2', 'both', 'callback'] },
    });
    const header = (name: string): string => flagged.headers([name, 'v'], false)[1] as string;
    for (const name of [
      'X-Session-Id',
      'x_session_id',
      'X-Session-Id-bin',
      'x-mine',
      'Authorization',
      'x-plain',
    ])
      assert.equal(header(name), 'v', name);
    for (const name of ['X-My', 'x-M-bin', 'x-both', 'Proxy-Authorization'])
      assert.equal(header(name), '[redacted]', name);
    assert.equal(
      flagged.target('/a;session=v?session_id=v&mine=v&mi-ne=v&x[mine]=v&both=v&token=v&callback=/b?token=v'),
      '/a;session=v?session_id=v&mine=[redacted]&mi-ne=[redacted]&x[mine]=[redacted]&both=[redacted]&token=[redacted]&callback=/b?token=v',
    );
  });

  it('takes time in proportion to the length, whatever is sent', () => {
    const bytes = 64 * 1024;
    const filled = (text: string): string => text.repeat(Math.ceil(bytes / text.length));
    const hostile = [
      ';',
      '=',
      'code=x;',
      'eyJ-',
      '%25',
      '://x:y',
      'x://',
      '+',
      'bearer ',
      '%3B',
      ';a=b',
      'a[',
      'aB',
      '3D',
      '@',
      'a: ',
      'a:',
      'ab.-',
      '/a=',
    ];
    const started = process.cpuUsage();
    for (const text of hostile) {
      redactor.target(`/?a=basic${filled(text)}`);
      redactor.target(`/a${filled(text)}`);
      redactor.headers(['x-a', `basic${filled(text)}`], false);
    }
    const { user, system } = process.cpuUsage(started);
    assert.ok(user + system < 20e6, `${user + system} us of CPU; what grows with the square takes minutes`);
  });

  it('says what it replaces and what it was told to keep', () => {
    const told = createRedactor({
      headers: { redact: ['X-Mine'], keep: ['X-Session-*'] },
      parameters: { redact: ['Mine'], keep: ['session_id'] },
    }).names;
    for (const name of [
      'header:authorization',
      'header:x-mine',
      'query:api_key',
      'query:mine',
      'url:userinfo',
    ])
      assert.ok(told.includes(name), name);
    assert.ok(told.includes('kept-header:x-session-*') && told.includes('kept-query:session_id'));
    assert.ok(told.length < 100, 'words, not names');
  });

  it('is what the manual says', () => {
    const manual = readFileSync(new URL('../../../../docs/capture.md', import.meta.url), 'utf8');
    for (const name of [...SECRET_WORDS, ...URL_HEADERS]) assert.ok(manual.includes(`\`${name}\``), name);
  });
});
