import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { crc32, crc32InScript } from '../../../src/trace/bytes/crc32.ts';
import { createFrameSplitter } from '../../../src/trace/frames/frame-splitter.ts';
import { compressFrame, decompressFrame } from '../../../src/trace/frames/zstd.ts';
import { frameSpan } from '../../../src/trace/frames/zstd-frame.ts';
import fc from '../../support/fast-check.ts';

const contents = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc
    .tuple(fc.nat({ max: 255 }), fc.nat({ max: 400_000 }))
    .map(([byte, size]) => new Uint8Array(size).fill(byte)),
  fc.nat({ max: 300_000 }).map((size) => Uint8Array.from({ length: size }, (_, i) => (i * i) >> 5)),
);

test('the end of a frame and the size of its content are found without decompressing', () => {
  fc.assert(
    fc.property(contents, fc.uint8Array({ maxLength: 9 }), (content, behind) => {
      const frame = compressFrame(content);
      const span = frameSpan(Buffer.concat([frame, behind]));
      assert.ok(span.kind === 'data');
      assert.equal(span.sizeBytes, frame.length);
      assert.equal(span.contentBytes, content.length);
      assert.ok(span.hasChecksum);
      assert.ok(span.maxContentBytes >= content.length);
      assert.deepEqual(Buffer.compare(decompressFrame(frame, content.length), content), 0);
    }),
  );
});

test('of a frame that is not whole, it is said how much is needed', () => {
  const frame = compressFrame(new Uint8Array(300_000).map((_, i) => i * 7));
  for (let size = 0; size < frame.length; size++) {
    const span = frameSpan(frame.subarray(0, size));
    assert.ok(span.kind === 'incomplete', `${size}: ${span.kind}`);
    assert.ok(span.atLeastBytes > size && span.atLeastBytes <= frame.length);
  }
});

test('a skippable frame', () => {
  const frame = Buffer.from('5a2a4d1802000000abcd', 'hex');
  assert.deepEqual(frameSpan(frame), { kind: 'skippable', sizeBytes: 10, magic: 0x184d2a5a });
  assert.deepEqual(frameSpan(frame.subarray(0, 9)), { kind: 'incomplete', atLeastBytes: 10 });
});

test('a stream is cut at the ends of its frames, however it comes in pieces', () => {
  const parts = fc.oneof(
    contents.map((content) => Buffer.from(compressFrame(content))),
    fc.uint8Array({ maxLength: 20 }).map((content) => {
      const header = Buffer.from('502a4d1800000000', 'hex');
      header.writeUInt32LE(content.length, 4);
      return Buffer.concat([header, content]);
    }),
  );
  fc.assert(
    fc.property(
      fc.array(parts, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 5000 }),
      (frames, step) => {
        const splitter = createFrameSplitter('-');
        const all = Buffer.concat(frames);
        const ends = new Set<number>();
        let at = 0;
        for (let i = 0; i < all.length; i += step) {
          for (const piece of splitter.split(all.subarray(i, i + step))) {
            assert.equal(Buffer.compare(piece, all.subarray(at, at + piece.length)), 0);
            at += piece.length;
            ends.add(at);
          }
        }
        assert.equal(at, all.length);
        assert.equal(splitter.isWithinFrame, false);
        let end = 0;
        for (const frame of frames) {
          end += frame.length;
          assert.ok(ends.has(end));
        }
      },
    ),
  );
  const garbage = Buffer.from('no zstd at all');
  assert.equal(Buffer.concat([...createFrameSplitter('-').split(garbage)]).toString(), garbage.toString());
});

test('what is no frame', () => {
  const invalid = (hex: string) => assert.equal(frameSpan(Buffer.from(hex, 'hex')).kind, 'invalid', hex);
  invalid('00000000');
  invalid('28b52ffd2801'); // a reserved bit
  invalid('28b52ffd2001070000'); // a block type that is reserved
  invalid('28b52ffd2001ffffff'); // and a block of 2 MiB
});

test('CRC-32 in script is that of zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const both = Buffer.concat([a, b]);
      assert.equal(crc32InScript(both), zlibCrc32(both));
      assert.equal(crc32(b, crc32(a)), zlibCrc32(both));
      assert.equal(crc32InScript(b, crc32InScript(a)), zlibCrc32(both));
    }),
  );
});
