import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArtifactCache } from '../../src/dev-server/store/artifact-cache.ts';
import fc from '../support/fast-check.ts';

test('the cache pushes out what was asked for longest ago, and says how much', () => {
  const cache = new ArtifactCache(3 * (1000 + 256));
  const artifact = (fill: number) => new Uint8Array(1000).fill(fill);
  for (const [name, fill] of [['a', 1] as const, ['b', 2] as const, ['c', 3] as const])
    assert.equal(cache.put(name, artifact(fill)), true);
  cache.get('a');
  cache.put('d', artifact(4));
  assert.deepEqual([cache.get('b'), cache.get('a')?.[0], cache.evicted], [undefined, 1, 1]);
  cache.put('c', artifact(9));
  assert.equal(cache.get('c')?.[0], 3, 'what is there stays as it is');
  assert.equal(cache.put('huge', new Uint8Array(10_000)), false);
  assert.deepEqual([cache.count, cache.evicted], [3, 1], 'what can never fit pushes nothing out');
});

test('an artifact is a copy: the buffer it came in may be used again', () => {
  const cache = new ArtifactCache(10_000);
  const buffer = new Uint8Array(8).fill(7);
  cache.put('x', buffer);
  buffer.fill(0);
  assert.equal(cache.get('x')?.[0], 7);
});

test('whatever comes, the cache stays in its bound and holds what was put last', () => {
  const put = fc.record({ key: fc.integer({ min: 0, max: 20 }), size: fc.integer({ min: 0, max: 3000 }) });
  fc.assert(
    fc.property(fc.array(put, { maxLength: 60 }), (puts) => {
      const cache = new ArtifactCache(5000);
      for (const { key, size } of puts) {
        assert.equal(cache.put(`${key}`, new Uint8Array(size)), true);
        assert.ok(cache.sizeBytes <= 5000);
        assert.ok(cache.get(`${key}`));
      }
    }),
  );
});
