const MAX_BYTES_SCANNED = 256 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const decoder = new TextDecoder();
/** 1 for each byte that the scan stops at: quotes, braces, brackets; at depth 1 also commas. */
const STOPS = byteTable('"{}[]');
const STOPS_AND_COMMA = byteTable('"{}[],');

/** What a scan found: the string value, that the field is not there (or null), or that it could not be told. */
export type JsonField = { kind: 'value'; value: string } | { kind: 'absent' } | { kind: 'unknown' };

const ABSENT: JsonField = { kind: 'absent' };
const UNKNOWN: JsonField = { kind: 'unknown' };

/**
 * Finds one string field of the object at the top of a JSON text without parsing the text, which may be cut off.
 * Nothing is validated: text that is not JSON gives `unknown` or `absent`, never an exception.
 */
export function findJsonField(json: Uint8Array, name: string): JsonField {
  const bytes = Buffer.from(json.buffer, json.byteOffset, Math.min(json.length, MAX_BYTES_SCANNED));
  // Most bodies lack the field, and a native search tells so; an escape may hide the name from that search.
  if (bytes.indexOf(name, 0, 'latin1') < 0 && bytes.indexOf('\\u', 0, 'latin1') < 0) {
    return json.length <= MAX_BYTES_SCANNED && endsObject(bytes) ? ABSENT : UNKNOWN;
  }
  return scanTopLevel(bytes, name);
}

function endsObject(bytes: Uint8Array): boolean {
  for (let i = bytes.length - 1; i >= 0; i--) if (!isBlank(bytes[i] ?? 0)) return bytes[i] === 0x7d;
  return false;
}

function scanTopLevel(bytes: Uint8Array, name: string): JsonField {
  let depth = 0;
  let keyNext = false;
  for (let i = nextStop(bytes, 0, STOPS); i < bytes.length; ) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, i);
      if (end < 0) return UNKNOWN;
      if (depth === 1 && keyNext && isName(bytes, i, end, name)) return valueAfter(bytes, end);
      keyNext = false;
      i = end;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === 0 && byte === 0x5b) return ABSENT;
      keyNext = ++depth === 1;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (--depth <= 0) return depth === 0 ? ABSENT : UNKNOWN;
    } else keyNext = true;
    i = nextStop(bytes, i + 1, depth === 1 ? STOPS_AND_COMMA : STOPS);
  }
  return UNKNOWN;
}

/** Finds the next byte that matters. Embeddings are passed over here, so it does one look-up a byte. */
function nextStop(bytes: Uint8Array, from: number, stops: Uint8Array): number {
  let i = from;
  while (i < bytes.length && stops[bytes[i] as number] === 0) i++;
  return i;
}

function byteTable(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Index of the quote that closes the string opened at `open`, or -1. */
function stringEnd(bytes: Uint8Array, open: number): number {
  for (let i = open + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i;
  }
  return -1;
}

function isName(bytes: Uint8Array, open: number, close: number, name: string): boolean {
  const length = close - open - 1;
  // A name written wholly in escapes takes six bytes a character.
  if (length < name.length || length > 6 * name.length) return false;
  return readString(bytes, open, close) === name;
}

function valueAfter(bytes: Uint8Array, keyEnd: number): JsonField {
  let i = skipBlanks(bytes, keyEnd + 1);
  if (bytes[i] !== 0x3a) return UNKNOWN;
  i = skipBlanks(bytes, i + 1);
  if (bytes[i] === 0x6e) return ABSENT;
  if (bytes[i] !== QUOTE) return UNKNOWN;
  const end = stringEnd(bytes, i);
  const value = end < 0 ? undefined : readString(bytes, i, end);
  return value === undefined ? UNKNOWN : { kind: 'value', value };
}

function readString(bytes: Uint8Array, open: number, close: number): string | undefined {
  if (close - open > 4096) return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes.subarray(open, close + 1)));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let i = from;
  while (i < bytes.length && isBlank(bytes[i] ?? 0)) i++;
  return i;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
