import { deflateSync } from 'node:zlib';
import type { Ruler } from './hdr-library.ts';

/** Of the encoding V2, and of the same compressed; counts are LEB128, runs of empty buckets too. */
const COOKIE = 0x1c849313;
const COMPRESSED_COOKIE = 0x1c849314;
const HEAD_BYTES = 40;
const COMPRESSED_HEAD_BYTES = 8;
/** Most bytes of one count. */
const COUNT_BYTES = 9;
const TWO_POW_32 = 2 ** 32;

/**
 * Encodes counts by bucket as compressed HdrHistogram V2 in base64: byte for byte what the library makes of a histogram
 * with these values, without putting them into one first. `last` is the last bucket with something in it, 0 where none has.
 */
export function encodeHdr(counts: Float64Array, last: number, ruler: Ruler): string {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + (last + 1) * COUNT_BYTES);
  const end = writeCounts(bytes, counts, last);
  const { lowestDiscernibleValue: lowestNs, numberOfSignificantValueDigits: digits } = ruler;
  bytes.writeInt32BE(COOKIE, 0);
  bytes.writeInt32BE(end - HEAD_BYTES, 4);
  bytes.writeInt32BE(1, 8);
  bytes.writeInt32BE(digits, 12);
  writeInt64(bytes, lowestNs, 16);
  writeInt64(bytes, highestValue(last, ruler), 24);
  writeInt64(bytes, 1, 32);
  const compressed = deflateSync(bytes.subarray(0, end));
  const head = Buffer.allocUnsafe(COMPRESSED_HEAD_BYTES);
  head.writeInt32BE(COMPRESSED_COOKIE, 0);
  head.writeInt32BE(compressed.length, 4);
  return Buffer.concat([head, compressed]).toString('base64');
}

/** The highest value that the library's histogram has room for: it begins with the first bucket and grows as it must. */
function highestValue(last: number, ruler: Ruler): number {
  const { subBucketCount, subBucketHalfCount: half, lowestDiscernibleValue: lowestNs } = ruler;
  if (last < subBucketCount) return 2 * lowestNs;
  const length = (Math.floor(last / half) + 1) * half;
  return ruler.highestEquivalentValue(ruler.valueFromIndex(length - 1));
}

/** Returns where the last count ends. */
function writeCounts(bytes: Buffer, counts: Float64Array, last: number): number {
  let at = HEAD_BYTES;
  for (let index = 0; index <= last; ) {
    const from = index;
    while (index <= last && !(Number(counts[index]) > 0)) index += 1;
    const empty = index - from;
    // A run of one is a count of 0; of more, their number as a negative one.
    if (empty > 0) at = writeLeb(bytes, empty === 1 ? 0 : 2 * empty - 1, at);
    else at = writeLeb(bytes, 2 * (counts[index++] as number), at);
  }
  return at;
}

function writeLeb(bytes: Buffer, value: number, from: number): number {
  let at = from;
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes[at++] = (left % 0x80) | 0x80;
  bytes[at] = left;
  return at + 1;
}

function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / TWO_POW_32), at);
  bytes.writeUInt32BE(value % TWO_POW_32, at + 4);
}
