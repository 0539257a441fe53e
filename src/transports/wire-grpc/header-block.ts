import { STATIC_TABLE } from '../../wire/hpack/static-table.ts';
import { FLAG, FRAME, frameOf, MAX_FRAME_BYTES } from '../../wire/http2/frames.ts';

/**
 * Makes the frames of a header list, with stream 0 where the stream's number goes: HEADERS, and CONTINUATION for what
 * does not fit. It uses only the static table and literals that are not indexed (RFC 7541 §6.2.2), so that equal lists
 * are equal bytes on every connection at any time.
 */
export function headerFrames(list: readonly string[]): Buffer {
  const block = headerBlock(list);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += MAX_FRAME_BYTES) {
    const part = block.subarray(at, at + MAX_FRAME_BYTES);
    const isLast = at + MAX_FRAME_BYTES >= block.length;
    frames.push(
      frameOf(at === 0 ? FRAME.headers : FRAME.continuation, isLast ? FLAG.endHeaders : 0, 0, part),
    );
  }
  return Buffer.concat(frames);
}

/** Encodes names and values, given by turns, in HPACK. */
export function headerBlock(list: readonly string[]): Buffer {
  const bytes: Buffer[] = [];
  for (let at = 0; at + 1 < list.length; at += 2)
    bytes.push(...field(list[at] as string, list[at + 1] as string));
  return Buffer.concat(bytes);
}

function field(name: string, value: string): Buffer[] {
  const whole = indexOf((at) => STATIC_TABLE[at] === name && STATIC_TABLE[at + 1] === value);
  if (whole > 0) return [integer(whole, 7, 0x80)];
  const named = indexOf((at) => STATIC_TABLE[at] === name);
  return [integer(named, 4, 0), ...(named > 0 ? [] : text(name)), ...text(value)];
}

/** Finds the number of a static entry, from 1; 0 for none. */
function indexOf(fits: (at: number) => boolean): number {
  for (let at = 0; at < STATIC_TABLE.length; at += 2) if (fits(at)) return at / 2 + 1;
  return 0;
}

function text(value: string): Buffer[] {
  const bytes = Buffer.from(value, 'latin1');
  return [integer(bytes.length, 7, 0), bytes];
}

/** Encodes an integer (RFC 7541 §5.1). */
function integer(value: number, prefixBits: number, pattern: number): Buffer {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Buffer.from([pattern | value]);
  const bytes = [pattern | mask];
  let left = value - mask;
  for (; left >= 128; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}
