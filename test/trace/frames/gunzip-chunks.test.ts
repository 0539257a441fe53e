import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EngramTraceError } from '../../../src/error.ts';
import { gunzipChunks } from '../../../src/trace/frames/gunzip-chunks.ts';
import fc, { runs } from '../../support/fast-check.ts';

async function* inPieces(bytes: Uint8Array, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}

interface Unpacked {
  text: string;
  error: EngramTraceError | undefined;
}

async function unpack(bytes: Uint8Array, pieceBytes = 1000): Promise<Unpacked> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of gunzipChunks(inPieces(bytes, pieceBytes), 'day.gz')) parts.push(part);
  } catch (error) {
    assert.ok(error instanceof EngramTraceError);
    return { text: Buffer.concat(parts).toString(), error };
  }
  return { text: Buffer.concat(parts).toString(), error: undefined };
}

test('any members in any pieces, with zeros behind them, come out as they went in', async () => {
  const members = fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(members, fc.integer({ min: 1, max: 60 }), fc.nat(20), async (texts, size, zeros) => {
      const bytes = Buffer.concat([...texts.map((text) => gzipSync(text)), Buffer.alloc(zeros)]);
      assert.deepEqual(await unpack(bytes, size), { text: texts.join(''), error: undefined });
    }),
    { seed: 1, numRuns: runs(60) },
  );
});

const LINES = Array.from({ length: 20_000 }, (_, i) => `${Math.imul(i, 2_654_435_761) >>> 0}\n`).join('');

test('what is cut short gives all that is there, then an error with the place', async () => {
  const whole = gzipSync(LINES);
  for (const keptBytes of [whole.length - 1, whole.length - 9, whole.length >> 1, 15]) {
    const { text, error } = await unpack(whole.subarray(0, keptBytes));
    assert.ok(LINES.startsWith(text));
    assert.ok(
      text.length >= LINES.length * (keptBytes / whole.length) * 0.7 - 40_000,
      `${text.length} of ${keptBytes}`,
    );
    assert.equal(error?.code, 'corrupt');
    assert.equal(error.where, `day.gz, near byte ${keptBytes}`);
    assert.match(error.message, /unexpected end/);
  }
});

test('damage, and something else behind a member, are errors at their place', async () => {
  const whole = gzipSync(LINES);
  const damaged = Buffer.from(whole);
  damaged[whole.length - 6] = (damaged[whole.length - 6] ?? 0) ^ 1;
  const { text, error } = await unpack(damaged);
  assert.equal(error?.code, 'corrupt');
  assert.ok(LINES.startsWith(text));
  const place = Number(/near byte (\d+)$/.exec(error.where ?? '')?.[1]);
  assert.ok(place > whole.length - 5000 && place <= whole.length, error.where);
  for (const behind of [Buffer.from('hello'), Buffer.from([0, 0, 1])]) {
    const after = await unpack(Buffer.concat([gzipSync('a\n'), behind]), 3);
    assert.equal(after.text, 'a\n');
    assert.equal(after.error?.code, 'corrupt');
  }
});

test('a bomb is unpacked a little at a time, and no further than it is read', async () => {
  const bomb = Buffer.concat(Array.from({ length: 8 }, () => gzipSync(Buffer.alloc(64 * 1024 * 1024))));
  let taken = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for await (const piece of inPieces(bomb, 4096)) {
      taken += piece.length;
      yield piece;
    }
  }
  let seen = 0;
  for await (const part of gunzipChunks(source(), 'bomb.gz')) {
    seen += part.length;
    if (seen > 8 * 1024 * 1024) break;
  }
  assert.ok(taken <= 3 * 4096, `${taken} bytes were taken`);
});
