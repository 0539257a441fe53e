import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BodyBuffer } from '../../../src/capture/memory/body-buffer.ts';
import { BudgetShare, ByteBudget } from '../../../src/capture/memory/byte-budget.ts';
import fc from '../../support/fast-check.ts';

describe('byte budget', () => {
  it('leaves room for records when bodies are many, and for reading on when records are', () => {
    const budget = new ByteBudget(1_000);
    assert.deepEqual([budget.take('flight', 750), budget.take('flight', 1)], [true, false]);
    assert.deepEqual([budget.take('record', 125), budget.take('record', 1)], [true, false]);
    assert.deepEqual([budget.take('follow', 125), budget.take('follow', 1)], [true, false]);
    assert.equal(budget.takenBytes, 1_000);
  });

  it('gives the buffers of parsers a quarter, however much is free', () => {
    const budget = new ByteBudget(100_000);
    assert.deepEqual([budget.grow(0, 20_000), budget.grow(20_000, 40_000)], [true, false]);
    assert.ok(budget.take('flight', 50_000));
    budget.shrink(20_000);
    assert.deepEqual([budget.grow(0, 10_000), budget.takenBytes], [true, 60_000]);
  });

  it('gets back what a connection held when it ends, and no more when its parts give theirs later', () => {
    const budget = new ByteBudget(1_000);
    const other = new BudgetShare(budget);
    const share = new BudgetShare(budget);
    assert.ok(other.take('flight', 100) && share.take('flight', 300) && share.grow(0, 50));
    share.close();
    share.give(300);
    assert.equal(share.take('follow', 1), false);
    assert.equal(budget.takenBytes, 100);
  });
});

/** Bytes of a chunk of their own, as a socket gives them. */
const chunkOf = (bytes: Uint8Array): Buffer => {
  const chunk = Buffer.allocUnsafeSlow(bytes.length);
  chunk.set(bytes);
  return chunk;
};

describe('body buffer', () => {
  it('keeps what pieces of any size hold together, for about what they hold', () => {
    const budget = new ByteBudget(1e9);
    const body = new BodyBuffer(budget, 1e9);
    const piece = chunkOf(Buffer.from('a'));
    for (let i = 0; i < 100_000; i++) body.add(piece);
    assert.ok(budget.takenBytes < 250_000, `${budget.takenBytes} for 100,000 pieces of a byte`);
    assert.deepEqual(Buffer.from(body.bytes()), Buffer.alloc(100_000, 'a'));
    body.release();
    assert.equal(budget.takenBytes, 0);
  });

  it('keeps no piece of a chunk, whose memory is read into again', () => {
    for (const sizeBytes of [1, 100, 5_000, 40_000, 64 * 1024]) {
      const body = new BodyBuffer(new ByteBudget(1e9), 1e9);
      const chunk = Buffer.alloc(64 * 1024, 'a');
      body.add(chunk.subarray(0, sizeBytes));
      chunk.fill(0xdd);
      body.add(chunk.subarray(0, 10));
      const expected = Buffer.concat([Buffer.alloc(sizeBytes, 'a'), Buffer.alloc(10, 0xdd)]);
      assert.deepEqual(Buffer.from(body.bytes()), expected);
    }
  });

  it('yields each body whole or its beginning, within the budget, and gives all of it back', () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9_000 }), { maxLength: 12 });
    const maxBytes = fc.integer({ min: 0, max: 40_000 });
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), maxBytes, maxBytes, (bodies, budgetBytes, limit) => {
        const budget = new ByteBudget(budgetBytes);
        const buffer = new BodyBuffer(budget, limit);
        const kept: [Uint8Array, Buffer][] = [];
        for (const body of bodies) {
          for (const bytes of body) buffer.add(chunkOf(bytes));
          assert.ok(budget.takenBytes <= budgetBytes);
          kept.push([buffer.cut().bytes, Buffer.concat(body)]);
        }
        let keptBytes = 0;
        for (const [bytes, whole] of kept) {
          assert.deepEqual(Buffer.from(bytes), whole.subarray(0, bytes.length));
          keptBytes += bytes.length;
        }
        assert.ok(keptBytes <= budget.takenBytes, 'what is kept is paid for');
        buffer.release();
        assert.equal(budget.takenBytes, 0);
      }),
      { numRuns: 300 },
    );
  });
});
