/** 1 for each byte that may stand in a field name (RFC 9110 §5.6.2). */
const TOKEN = byteTable("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
/** 1 for each byte that may stand in a field value: tab, and all from space on but DEL. */
const VALUE = new Uint8Array(256).map((_, byte) =>
  byte === 0x09 || (byte >= 0x20 && byte !== 0x7f) ? 1 : 0,
);

const COLON = 0x3a;
const MAX_LENGTH_DIGITS = 15;

/** Finds the colon behind a proper field name; -1 where there is none. */
export function endOfName(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && TOKEN[bytes[at] as number] === 1) at += 1;
  return at > from && at < to && bytes[at] === COLON ? at : -1;
}

/** No byte of it is a control character. */
export function isFieldValue(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    if (VALUE[bytes[at] as number] === 0) return false;
  }
  return true;
}

/** The bytes are this word (lower case ASCII), whatever their case. Bytes have to be checked for control characters. */
export function isWord(bytes: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  if (to - from !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) {
    if (((bytes[from + at] as number) | 0x20) !== word[at]) return false;
  }
  return true;
}

/** A word for `isWord`. */
export function wordBytes(word: string): Uint8Array {
  return Uint8Array.from(word, (char) => char.charCodeAt(0));
}

/** Where the white space in front of a value ends. */
export function skipSpace(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(bytes[at])) at += 1;
  return at;
}

/** Where the white space behind a value begins. */
export function trimSpace(bytes: Uint8Array, from: number, to: number): number {
  let at = to;
  while (at > from && isSpace(bytes[at - 1])) at -= 1;
  return at;
}

/** Digits and nothing else, at most 15 of them; -1 for anything else. */
export function parseLength(bytes: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > MAX_LENGTH_DIGITS) return -1;
  let length = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

function byteTable(chars: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const char of chars) table[char.charCodeAt(0)] = 1;
  return table;
}
