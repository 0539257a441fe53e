import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { inputBytes } from '../../../src/capture/disk/input-bytes.ts';
import fc from '../../support/fast-check.ts';

async function take(input: PassThrough, sizeBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of inputBytes(input, sizeBytes)) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

describe('bytes from a stream', () => {
  it('are taken one stretch after the other, however they come', async () => {
    const sizes = fc.array(fc.nat({ max: 300 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (stretches, chunks) => {
        const input = new PassThrough();
        const total = stretches.reduce((sum, size) => sum + size, 0);
        const text = Array.from({ length: total }, (_, i) => String.fromCharCode(33 + (i % 90))).join('');
        let sent = 0;
        for (const size of [...chunks, total]) {
          input.write(text.slice(sent, sent + size));
          sent += size;
        }
        let got = '';
        for (const size of stretches) {
          const stretch = await take(input, size);
          assert.equal(stretch.length, size);
          got += stretch;
        }
        assert.equal(got, text);
      }),
      { numRuns: 50 },
    );
  });

  it('end with the stream', async () => {
    for (const end of ['end', 'destroy'] as const) {
      const input = new PassThrough();
      const taken = take(input, 10);
      input.write('abc');
      await new Promise(setImmediate);
      input[end]();
      assert.equal(await taken, 'abc');
      assert.equal(await take(input, 5), '');
    }
  });
});
