import { malformed } from '../malformed.ts';

/** Bits of each symbol's code (RFC 7541 Appendix B), 0..255; the code is canonical, so this is all of it. */
const CODE_BITS: readonly number[] = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  ...[28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  ...[5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  ...[7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  ...[6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  ...[24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  ...[21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  ...[19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  ...[26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
];
/** The end-of-string symbol: thirty ones. Its beginnings pad the last byte; whole, it is an error. */
const EOS = 256;
const EOS_BITS = 30;

const EMPTY = 0;

/**
 * Tables of 256 entries, one after the other, indexed by the next 8 bits of input. An entry is `EMPTY`, or
 * `-table` to go on in, or `symbol * 16 + bits + 1` where `bits` (1..8) of the eight belong to the symbol.
 */
const DECODING = buildTables();

function buildTables(): Int32Array {
  const tables: number[][] = [new Array<number>(256).fill(EMPTY)];
  let code = 0;
  let previousBits = 0;
  const symbols = [...CODE_BITS, EOS_BITS].map((bits, symbol) => ({ symbol, bits }));
  for (const { symbol, bits } of symbols.sort((a, b) => a.bits - b.bits || a.symbol - b.symbol)) {
    code *= 2 ** (bits - previousBits);
    previousBits = bits;
    insertCode(tables, symbol, code, bits);
    code++;
  }
  return Int32Array.from(tables.flat());
}

function insertCode(tables: number[][], symbol: number, code: number, bits: number): void {
  let table = tables[0] as number[];
  let left = bits;
  while (left > 8) {
    const byte = Math.floor(code / 2 ** (left - 8)) & 0xff;
    if (table[byte] === EMPTY) table[byte] = -(tables.push(new Array<number>(256).fill(EMPTY)) - 1);
    table = tables[-(table[byte] as number)] as number[];
    left -= 8;
  }
  const first = (code * 2 ** (8 - left)) & 0xff;
  for (let i = 0; i < 2 ** (8 - left); i++) table[first + i] = symbol * 16 + left + 1;
}

/** Decodes a Huffman-coded string into Latin-1 (RFC 7541 §5.2). */
export function decodeHuffman(coded: Buffer): string {
  const decoded = Buffer.allocUnsafe(Math.floor((coded.length * 8) / 5));
  let length = 0;
  let accumulator = 0; // at most 16 bits wait here
  let waiting = 0;
  let unfinished = 0; // bits of a code begun and not ended
  let table = 0;
  for (let at = 0; at < coded.length || waiting > 0; ) {
    if (waiting < 8 && at < coded.length) {
      accumulator = ((accumulator << 8) | (coded[at++] as number)) & 0xffff;
      waiting += 8;
    }
    // Behind the end the input is read as ones: what then is a whole symbol was not all there.
    const byte =
      waiting >= 8 ? accumulator >>> (waiting - 8) : (accumulator << (8 - waiting)) | (0xff >>> waiting);
    const entry = DECODING[table * 256 + (byte & 0xff)] as number;
    if (entry < 0) {
      if (waiting < 8) break;
      waiting -= 8;
      unfinished += 8;
      table = -entry;
    } else {
      const bits = (entry & 15) - 1;
      if (entry === EMPTY || entry >> 4 === EOS)
        throw malformed('HPACK', 'a Huffman code that does not exist');
      if (bits > waiting) break;
      waiting -= bits;
      unfinished = 0;
      table = 0;
      decoded[length++] = entry >> 4;
    }
    accumulator &= (1 << waiting) - 1;
  }
  checkPadding(accumulator, waiting, unfinished);
  return decoded.toString('latin1', 0, length);
}

/** Checks the padding: what is left must be fewer than eight bits, all ones. */
function checkPadding(bits: number, count: number, unfinished: number): void {
  if (unfinished + count > 7 || bits !== (1 << count) - 1)
    throw malformed('HPACK', 'wrong padding of a Huffman string');
}
