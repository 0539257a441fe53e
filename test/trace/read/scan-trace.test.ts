import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createByteQueue } from '../../../src/trace/bytes/byte-queue.ts';
import { compressFrame } from '../../../src/trace/frames/zstd.ts';
import { scanTrace } from '../../../src/trace/read/scan-trace.ts';

it('a file of broken frames of a few bytes is told in ranges that fit in memory, and all of it', async () => {
  const empty = compressFrame(new Uint8Array(0));
  const frames = 25_000;
  const bytes = Buffer.concat(Array.from({ length: frames }, () => empty));
  async function* source(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const { damaged, index } = await scanTrace(createByteQueue(source()), 0n);
  assert.equal(index.blocks.length, 0);
  assert.equal(damaged.length, 10_000);
  let reachedBytes = 0;
  for (const { offset, sizeBytes } of damaged) {
    assert.equal(offset, reachedBytes);
    reachedBytes = offset + sizeBytes;
  }
  assert.equal(reachedBytes, bytes.length);
});
