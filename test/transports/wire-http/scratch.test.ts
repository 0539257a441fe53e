import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Scratch } from '../../../src/transports/wire-http/scratch.ts';

const SIZE_BYTES = 128 * 1024;

describe('the memory where requests are put together', () => {
  it('is used again by the next, and never by it while somebody needs it', () => {
    const scratch = new Scratch(SIZE_BYTES);
    for (const sizeBytes of [0, 10, 2047, 2048, SIZE_BYTES]) {
      const first = scratch.take(sizeBytes);
      assert.equal(first.length, sizeBytes);
      assert.equal(scratch.take(sizeBytes).buffer, first.buffer);
      scratch.leaveTo(Buffer.from('of another'));
      assert.equal(scratch.take(sizeBytes).buffer, first.buffer);
      scratch.leaveTo(first);
      assert.notEqual(scratch.take(sizeBytes).buffer, first.buffer);
    }
    const large = scratch.take(SIZE_BYTES + 1);
    assert.equal(large.length, SIZE_BYTES + 1);
    assert.notEqual(large.buffer, scratch.take(1).buffer);
  });

  it('is let go once nobody needs it, whatever sizes it had', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const scratch = new Scratch(SIZE_BYTES);
    const left = Array.from({ length: 50 }, (_, sizeBytes) => {
      const view = scratch.take(sizeBytes);
      scratch.leaveTo(view);
      return new WeakRef(view.buffer);
    });
    await turn(); // what a WeakRef was made of lives until the end of its turn
    collect();
    assert.equal(left.filter((ref) => ref.deref() !== undefined).length, 0);
  });
});
