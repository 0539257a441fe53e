import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenError } from '../src/listen-error.ts';

function error(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

test('why nothing can listen at an address is said in words, and the address once', () => {
  const at = '127.0.0.1:7432';
  for (const code of ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND']) {
    const { where, message, hint } = listenError(error(code, `listen ${code}: whatever ${at}`), at);
    assert.equal(where, at);
    assert.match(message, new RegExp(`^[a-z ]+ \\(${code}\\)$`));
    assert.notEqual(hint, undefined);
  }
  assert.equal(listenError(error('EMFILE', 'too many files'), at).message, 'too many files');
});
