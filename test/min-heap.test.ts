import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinHeap } from '../src/min-heap.ts';
import fc from './support/fast-check.ts';

interface Item {
  key: number;
  index: number;
}

function smallest(items: Set<Item>): number | undefined {
  return items.size === 0 ? undefined : Math.min(...[...items].map((item) => item.key));
}

test('min heap: the top is the smallest and every item knows its index, whatever is taken out', () => {
  const stepArb = fc.oneof(
    fc.integer({ min: 0, max: 20 }),
    fc.constant('pop' as const),
    fc.constant('remove' as const),
  );
  fc.assert(
    fc.property(fc.array(stepArb, { maxLength: 80 }), fc.infiniteStream(fc.nat()), (steps, picks) => {
      const inside = new Set<Item>();
      const heap = new MinHeap<Item>(
        (a, b) => a.key < b.key,
        (item, index) => {
          item.index = index;
        },
      );
      for (const step of steps) {
        if (typeof step === 'number') {
          const item = { key: step, index: -1 };
          inside.add(item);
          heap.push(item);
        } else if (step === 'pop') {
          const expected = smallest(inside);
          const popped = heap.pop();
          assert.equal(popped?.key, expected);
          if (popped !== undefined) inside.delete(popped);
        } else if (inside.size > 0) {
          const victim = [...inside][(picks.next().value ?? 0) % inside.size] as Item;
          assert.equal(heap.removeAt(victim.index), victim);
          assert.equal(victim.index, -1);
          inside.delete(victim);
        }
        assert.equal(heap.size, inside.size);
        assert.equal(heap.peek()?.key, smallest(inside));
        assert.equal(new Set([...inside].map((item) => item.index)).size, inside.size);
      }
    }),
  );
});
