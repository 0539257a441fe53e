import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BodyBuffer } from '../../../src/capture/memory/body-buffer.ts';
import { ByteBudget } from '../../../src/capture/memory/byte-budget.ts';
import { giveSlab, slabBytes, takeSlab } from '../../../src/capture/memory/slab-pool.ts';
import fc from '../../support/fast-check.ts';

describe('slabs that are used again', () => {
  it('have room for what is asked, and little more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300_000 }), (bytes) => {
        const size = slabBytes(bytes);
        assert.ok(size >= bytes && size <= Math.max(64, 2 * bytes));
        assert.equal(slabBytes(size), size, 'one that is given back fits those who take it');
      }),
    );
  });

  it('are handed out once until they are given back', () => {
    const first = takeSlab(8192);
    assert.notEqual(takeSlab(8192), first);
    giveSlab(first);
    assert.equal(takeSlab(8192), first);
    assert.notEqual(takeSlab(8192), first);
  });

  it('wait in bounded memory', () => {
    const slabs = Array.from({ length: 100 }, () => takeSlab(64 * 1024));
    for (const slab of slabs) giveSlab(slab);
    const again = Array.from({ length: 100 }, () => takeSlab(64 * 1024));
    assert.ok(again.filter((slab) => slabs.includes(slab)).length <= 16);
  });

  it('never hold two bodies at a time, whatever the order in which bodies grow and end', () => {
    const step = fc.record({
      body: fc.nat({ max: 4 }),
      piece: fc.option(fc.uint8Array({ minLength: 1, maxLength: 9_000 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const open = new Map<number, { buffer: BodyBuffer; expected: Buffer[] }>();
        for (const { body, piece } of steps) {
          const one = open.get(body) ?? { buffer: new BodyBuffer(new ByteBudget(1e9), 1e9), expected: [] };
          open.set(body, one);
          if (piece !== null) {
            one.buffer.add(Buffer.from(piece));
            one.expected.push(Buffer.from(piece));
            continue;
          }
          assert.deepEqual(Buffer.from(one.buffer.bytes()), Buffer.concat(one.expected));
          one.buffer.recycle();
          open.delete(body);
        }
        for (const { buffer, expected } of open.values())
          assert.deepEqual(Buffer.from(buffer.bytes()), Buffer.concat(expected));
      }),
      { numRuns: 200 },
    );
  });
});
