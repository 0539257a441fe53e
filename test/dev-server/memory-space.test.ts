import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySpace, type NewMemory } from '../../src/dev-server/store/memory-space.ts';
import type { Recalled } from '../../src/dev-server/store/stored-memory.ts';
import { defaultEmbedding } from '../../src/dev-server/store/validate-embedding.ts';
import { toUnitVector, VectorTable } from '../../src/dev-server/store/vector-table.ts';
import fc from '../support/fast-check.ts';
import { embedding } from './support/start-server.ts';

const space = (capacity = 100_000) => new MemorySpace('test', 0, capacity);
const memory = (id: string, seed: number, more: Partial<NewMemory> = {}): NewMemory => ({
  id,
  content: `content of ${id}`,
  embedding: embedding(seed),
  confidence: 0.9,
  whenMs: 0,
  ...more,
});

test('a near-duplicate is dropped, or replaces a weaker one', () => {
  const memories = space();
  assert.equal(memories.store(memory('first', 1)).kind, 'stored');
  const close = embedding(1).map((value, i) => value + 0.05 * Math.cos(i));
  const dropped = memories.store(memory('same', 1, { embedding: close }));
  assert.equal(dropped.kind, 'dropped');
  assert.ok(Math.abs(dropped.strength - 0.9 * 0.9) < 1e-4);
  assert.equal(memories.get('same'), undefined);
  assert.equal(memories.store(memory('stronger', 1, { confidence: 0.95 })).kind, 'replaced');
  assert.equal(memories.get('first'), undefined);
  assert.equal(memories.store(memory('other', 2)).kind, 'stored');
  assert.equal(memories.count, 2);
});

test('writes without an embedding of their own collapse into one, whatever their constant', () => {
  const memories = space();
  memories.store(memory('vector', 1));
  assert.equal(memories.store(memory('a', 0, { embedding: defaultEmbedding(0.5) })).kind, 'stored');
  assert.equal(memories.store(memory('b', 0, { embedding: defaultEmbedding(0.6) })).kind, 'dropped');
  const stronger = memory('c', 0, { embedding: defaultEmbedding(0.6), confidence: 0.95 });
  assert.equal(memories.store(stronger).kind, 'replaced');
  const nearlyUniform = defaultEmbedding(1).map((value, i) => value + 0.1 * Math.sin(i));
  assert.equal(memories.store(memory('d', 0, { embedding: nearlyUniform })).kind, 'dropped');
  assert.equal(memories.count, 2);
});

test('a default embedding is a duplicate of a vector near it, too', () => {
  const memories = space();
  memories.store(
    memory('near', 0, { embedding: defaultEmbedding(1).map((value, i) => value + 0.1 * Math.sin(i)) }),
  );
  assert.equal(memories.store(memory('default', 0, { embedding: defaultEmbedding(0.5) })).kind, 'dropped');
});

test('the same id again replaces the memory and all its traces', () => {
  const memories = space();
  memories.store(memory('id', 1, { content: 'old words' }));
  memories.store(memory('id', 2, { content: 'new words' }));
  assert.equal(memories.count, 1);
  assert.deepEqual(memories.recallByEmbedding(embedding(1), 0.5), []);
  assert.deepEqual(memories.recallByText('old words', 0.9), []);
  assert.equal(memories.recallByText('new words', 0.9)[0]?.memory.id, 'id');
});

test('beyond its capacity a space loses the weakest', () => {
  const memories = space(10);
  for (let i = 0; i < 10; i++) memories.store(memory(`m${i}`, i + 1, { confidence: i === 4 ? 0.2 : 0.9 }));
  memories.store(memory('last', 99, { confidence: 0.9 }));
  assert.equal(memories.count, 10);
  assert.equal(memories.get('m4'), undefined);
  assert.deepEqual(memories.recallByEmbedding(embedding(5), 0.95), []);
  assert.equal(memories.recallByEmbedding(embedding(99), 0.95)[0]?.memory.id, 'last');
});

test('odd vectors are stored and match nothing', () => {
  const memories = space();
  for (const [i, value] of [0, Number.NaN, Number.POSITIVE_INFINITY].entries()) {
    const odd = new Array<number>(768).fill(value);
    assert.equal(memories.store(memory(`odd${i}`, 0, { embedding: odd })).kind, 'stored');
    assert.deepEqual(memories.recallByEmbedding(odd, 0.1), []);
  }
  assert.equal(memories.count, 3);
});

test('an embedding comes back as it was given', () => {
  const memories = space();
  const given = embedding(3).map((value) => 5 * value);
  memories.store(memory('id', 0, { embedding: given }));
  const stored = memories.get('id');
  assert.ok(stored);
  for (const [i, value] of memories.embeddingOf(stored).entries())
    assert.ok(Math.abs(value - (given[i] ?? 0)) < 1e-5);
});

test('text matches by the rules of the contract, best first', () => {
  const memories = space();
  memories.store(memory('a', 1, { content: 'The quick brown fox' }));
  memories.store(memory('b', 2, { content: 'quick' }));
  memories.store(memory('c', 3, { content: 'brown fox jumps high' }));
  const found = (query: string, threshold: number) =>
    memories
      .recallByText(query, threshold)
      .map((hit) => [hit.memory.id, Math.round(hit.confidence * 100) / 100]);
  assert.deepEqual(found('QUICK', 0.5), [
    ['a', 1],
    ['b', 1],
  ]);
  assert.deepEqual(found('the quick brown', 0.5), [
    ['a', 1],
    ['b', 0.8],
  ]);
  // Jaccard: {brown, fox} of {the, quick, brown, fox, jumps, high} and so on.
  assert.deepEqual(found('fox brown', 0.5), [
    ['a', 0.5],
    ['c', 0.5],
  ]);
  assert.deepEqual(found('nothing alike', 0.1), []);
  // Only where nothing matches by text: half the share of the query's words, and a memory's id.
  assert.deepEqual(found('jumps xylophone', 0.22), [['c', 0.25]]);
  memories.store(memory('zq-1', 4, { content: 'unrelated' }));
  assert.deepEqual(found('zq-1', 0.9), [['zq-1', 1]]);
});

test('weak memories come back whatever the cue, behind strong ones that match', () => {
  const memories = space();
  memories.store(memory('strong', 1, { content: 'red apple' }));
  memories.store(memory('other', 2, { content: 'blue plum' }));
  memories.store(memory('weak', 3, { confidence: 0.6 }));
  memories.store(memory('weaker', 4, { confidence: 0.5 }));
  memories.store(memory('usual', 5, { confidence: 0.7 }));
  const brief = (found: Recalled[]) =>
    found.map((hit) => [hit.memory.id, Math.round(hit.confidence * 1000) / 1000]);
  const all = [
    ['usual', 0.665],
    ['weak', 0.57],
    ['weaker', 0.475],
  ];
  assert.deepEqual(brief(memories.recallByText('nowhere', 0.5)), all);
  assert.deepEqual(brief(memories.recallByEmbedding(embedding(77), 0.5)), all);
  assert.deepEqual(brief(memories.recallByText('APPLE', 0.5)), [['strong', 1], ...all]);
  assert.deepEqual(brief(memories.recallByEmbedding(embedding(4), 0.5)), all);
  // The threshold is held against what was stored, not against what comes back.
  assert.deepEqual(brief(memories.recallByText('nowhere', 0.7)), [['usual', 0.665]]);
  // Nothing in the tiers: all memories are compared with the cue.
  assert.deepEqual(brief(memories.recallByEmbedding(embedding(4), 0.95)), [['weaker', 1]]);
});

test('what is forgotten is still recalled from among the weak, with its embedding', () => {
  const memories = space();
  memories.store(memory('strong', 1));
  memories.store(memory('weak', 2, { confidence: 0.6 }));
  assert.ok(memories.forget('strong') && memories.forget('weak'));
  assert.equal(memories.forget('weak'), false);
  memories.store(memory('new', 3));
  memories.store(memory('newer', 4));
  const [found, ...rest] = memories.recallByText('nowhere', 0.5);
  assert.ok(found && rest.length === 0);
  assert.equal(found.memory.id, 'weak');
  assert.ok(Math.abs((memories.embeddingOf(found.memory)[0] ?? 0) - (embedding(2)[0] ?? 0)) < 1e-5);
  const ids = (tiers: ('hot' | 'warm')[]) => memories.list(tiers, 0, 9).map(({ id }) => id);
  assert.deepEqual([memories.get('weak'), memories.count, memories.warmCount], [undefined, 2, 1]);
  assert.deepEqual(
    [ids(['hot']), ids(['warm']), ids(['hot', 'warm'])],
    [['new', 'newer'], ['weak'], ['new', 'newer', 'weak']],
  );
  memories.store(memory('weak', 5, { confidence: 0.95 }));
  assert.equal(memories.warmCount, 0);
});

test('at most 100 come back for an embedding and 75 for a text', () => {
  const memories = space();
  for (let i = 0; i < 130; i++) {
    const vector = embedding(0).map((value, j) => 2 * value + Math.sin((i + 2) * (j + 1) * 0.7) * 1.6);
    memories.store(memory(`m${i}`, 0, { embedding: vector, content: `common ${i}` }));
  }
  assert.ok(memories.count > 100, String(memories.count));
  assert.equal(memories.recallByEmbedding(embedding(0), 0.1).length, 100);
  assert.equal(memories.recallByText('common', 0.5).length, 75);
});

test('the pruned search finds what a plain one finds', () => {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
    return sum;
  };
  const table = new VectorTable();
  const base = embedding(1);
  // From nearly the same as the base to nearly unrelated, so that every threshold has rows on both sides.
  const rows = Array.from({ length: 300 }, (_, i) => {
    const noise = embedding(i + 10);
    return toUnitVector(base.map((value, j) => value + (i / 100) * (noise[j] ?? 0)));
  });
  for (const row of rows) table.add(row);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 299 }),
      fc.double({ min: 0.1, max: 0.99, noNaN: true }),
      (pick, threshold) => {
        const query = rows[pick];
        assert.ok(query);
        const cosines = rows.map((row) => dot(row.unit, query.unit));
        const found = new Set(table.matches(query, threshold).map(({ row }) => row));
        for (const [row, cosine] of cosines.entries()) {
          if (Math.abs(cosine - threshold) > 1e-4)
            assert.equal(found.has(row), cosine > threshold, `row ${row}`);
        }
        assert.equal(table.bestMatch(query, threshold)?.row, pick);
      },
    ),
    { numRuns: 100, seed: 4 },
  );
});
