import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGlob } from '../../src/transforms/glob.ts';
import fc from '../support/fast-check.ts';

test('a pattern without wildcards is itself', () => {
  assert.equal(createGlob('/a.b[c]')('/a.b[c]'), true);
  assert.equal(createGlob('/a.b')('/aXb'), false);
  assert.equal(createGlob('')(''), true);
});

test('agrees with the regular expression that says the same', () => {
  const part = fc.constantFrom('*', '**', '?', '/', 'a', 'b');
  const text = fc.string({ unit: fc.constantFrom('/', 'a', 'b'), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), text, (parts, path) => {
      const pattern = parts.join('');
      const source = pattern.replaceAll(/\*+|\?/g, (w) => (w === '?' ? '[^/]' : w === '*' ? '[^/]*' : '.*'));
      assert.equal(createGlob(pattern)(path), new RegExp(`^${source}$`).test(path), `${pattern} on ${path}`);
    }),
    { numRuns: 2000 },
  );
});

test('a hostile pattern takes no exponential time', () => {
  const glob = createGlob(`${'*a'.repeat(30)}b`);
  assert.equal(glob('a'.repeat(5000)), false);
});
