import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fnv1a, fnv1aOfBytes, mix32 } from '../src/hash.ts';

test('hashes are those of their makers: FNV-1a of 32 bits, and the finalizer of MurmurHash3', () => {
  for (const [text, hash] of [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ] as const) {
    assert.equal(fnv1a(text) >>> 0, hash);
    assert.equal(fnv1aOfBytes(Buffer.from(text)) >>> 0, hash);
  }
  assert.equal(fnv1aOfBytes(Buffer.from('xfoobarx'), 1, 7) >>> 0, 0xbf9cf968);
  assert.deepEqual([0, 1, 0xffffffff].map(mix32), [0, 0x514e28b7, 0x81f16f39]);
});
