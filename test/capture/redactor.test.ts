import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createRedactor, REDACTED_HEADERS, REDACTED_QUERY } from '../../src/capture/redactor.ts';

describe('redactor', () => {
  const redactor = createRedactor(['X-Mine'], ['Mine']);

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
    const list = ['host', 'a', 'authorization-info', 'x'];
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
    ['/token=1', '/token=1'],
  ];
  for (const [target, expected] of targets) {
    it(`${target} → ${expected}`, () => assert.equal(redactor.target(target), expected));
  }

  it('says what it replaces', () => {
    for (const name of REDACTED_HEADERS) assert.ok(redactor.names.includes(`header:${name}`));
    for (const name of REDACTED_QUERY) assert.ok(redactor.names.includes(`query:${name}`));
    assert.ok(redactor.names.includes('header:x-mine') && redactor.names.includes('query:mine'));
  });

  it('is what the manual says', () => {
    const manual = readFileSync(new URL('../../../docs/capture.md', import.meta.url), 'utf8');
    for (const name of [...REDACTED_HEADERS, ...REDACTED_QUERY])
      assert.ok(manual.includes(`\`${name}\``), name);
  });
});
