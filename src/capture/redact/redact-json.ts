import { REDACTED } from '../../trace/record/redacted.ts';
import { redactLiterals } from './redact-literals.ts';
import type { NameRule } from './redact-url.ts';
import { redactText } from './redact-url.ts';
import { looksSecret, redactShapes } from './secret-values.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const NEWLINE = 0x0a;
/** How deep JSON texts in strings of JSON texts are looked into. */
const MAX_NESTING = 3;
/** Strings longer than this are looked at for their names alone. */
const MAX_VALUE_BYTES = 64 * 1024;

const STOPS = byteTable('"{}[]');
/** Bytes that are looked at where a number may be secret too. */
const STOPS_AND_NUMBERS = byteTable('"{}[]-0123456789');
const IN_NUMBER = byteTable('-+.eE0123456789');

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * A JSON text whose secret fields hold `[redacted]`, at any depth; the same bytes where there is none. Strings and
 * numbers are replaced, of an object or a list under a secret name all in it, so that valid JSON stays valid. Nothing is
 * parsed: texts that are cut off, lines of JSON and server-sent events are read as far as they go.
 */
export function redactJson(bytes: Buffer, rule: NameRule, nesting = 0): Buffer {
  const scan = new JsonScan(bytes, rule, nesting);
  const edits = scan.edits();
  return edits.length === 0 ? bytes : applied(bytes, edits);
}

class JsonScan {
  readonly #bytes: Buffer;
  readonly #rule: NameRule;
  readonly #nesting: number;
  readonly #edits: Edit[] = [];
  #depth = 0;
  /** Depth of the secret container the scan is in; -1 outside of one. */
  #secretDepth = -1;

  constructor(bytes: Buffer, rule: NameRule, nesting: number) {
    this.#bytes = bytes;
    this.#rule = rule;
    this.#nesting = nesting;
  }

  edits(): readonly Edit[] {
    const bytes = this.#bytes;
    for (let i = this.#nextStop(0); i < bytes.length; i = this.#nextStop(i)) {
      const byte = bytes[i] as number;
      if (byte === QUOTE) i = this.#string(i);
      else if (byte === 0x7b || byte === 0x5b) {
        this.#depth++;
        i++;
      } else if (byte === 0x7d || byte === 0x5d) {
        this.#depth--;
        if (this.#depth <= this.#secretDepth) this.#secretDepth = -1;
        i++;
      } else i = this.#number(i);
    }
    return this.#edits;
  }

  get #isSecret(): boolean {
    return this.#secretDepth >= 0;
  }

  #nextStop(from: number): number {
    const stops = this.#isSecret ? STOPS_AND_NUMBERS : STOPS;
    let i = from;
    while (i < this.#bytes.length && stops[this.#bytes[i] as number] === 0) i++;
    return i;
  }

  /** A name and what follows it, or a value; gives the index behind what is done. */
  #string(open: number): number {
    const bytes = this.#bytes;
    const end = stringEnd(bytes, open, true);
    const next = skipBlanks(bytes, end);
    if (bytes[next] === COLON) return this.#value(textOf(bytes, open, end), skipBlanks(bytes, next + 1));
    if (!this.#isSecret) this.#plainString(open, end);
    else return this.#replaceString(open);
    return end;
  }

  #value(name: string, at: number): number {
    const bytes = this.#bytes;
    const verdict = this.#isSecret ? 'secret' : this.#rule(name);
    if (verdict === 'keep') return this.#skip(at);
    const isString = bytes[at] === QUOTE;
    if (verdict === 'maybe' && isString && looksSecret(textOf(bytes, at, stringEnd(bytes, at, true))))
      return this.#replaceString(at);
    if (verdict !== 'secret') return at;
    if (isString) return this.#replaceString(at);
    if (bytes[at] === 0x7b || bytes[at] === 0x5b) {
      if (!this.#isSecret) this.#secretDepth = this.#depth;
      return at;
    }
    return this.#number(at);
  }

  /** A string that is kept whatever it holds; of a container, its names speak for themselves. */
  #skip(at: number): number {
    return this.#bytes[at] === QUOTE ? stringEnd(this.#bytes, at, true) : at;
  }

  #replaceString(open: number): number {
    const end = stringEnd(this.#bytes, open, false);
    const isClosed = end - open > 1 && this.#bytes[end - 1] === QUOTE;
    if (end - open > 2 || !isClosed) this.#edit(open, end, `"${REDACTED}${isClosed ? '"' : ''}`);
    return end;
  }

  /** Also `true` and `null`, which say nothing. */
  #number(at: number): number {
    let end = at;
    while (end < this.#bytes.length && IN_NUMBER[this.#bytes[end] as number] === 1) end++;
    const isNumber = end > at && /[0-9]/.test(this.#bytes.toString('latin1', at, end));
    if (isNumber) this.#edit(at, end, `"${REDACTED}"`);
    return Math.max(end, at + 1);
  }

  /** A string under an ordinary name may hold JSON, GraphQL, a URL or a token of known shape. */
  #plainString(open: number, end: number): void {
    if (end - open < 8 || end - open > MAX_VALUE_BYTES || this.#bytes[end - 1] !== QUOTE) return;
    const value = textOf(this.#bytes, open, end);
    const clean = this.#cleanString(value);
    if (clean !== value) this.#edit(open, end, JSON.stringify(clean));
  }

  #cleanString(value: string): string {
    const clean = this.#cleanValue(value);
    if (!clean.includes(':') || !/["']/.test(clean)) return clean;
    return redactLiterals(clean, (name) => this.#rule(name) === 'secret');
  }

  #cleanValue(value: string): string {
    if (this.#nesting < MAX_NESTING && /^\s*[[{]/.test(value) && value.includes('"'))
      return redactJson(Buffer.from(value), this.#rule, this.#nesting + 1).toString();
    return value.includes('://') ? redactText(value, this.#rule) : redactShapes(value);
  }

  #edit(from: number, to: number, text: string): void {
    this.#edits.push({ from, to, text });
  }
}

/** Index behind the quote that closes the string opened at `open`; a line feed ends one that is broken off. */
function stringEnd(bytes: Buffer, open: number, endsAtLine: boolean): number {
  for (let i = open + 1; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === BACKSLASH) i++;
    else if (byte === QUOTE) return i + 1;
    else if (byte === NEWLINE && endsAtLine) return i;
  }
  return bytes.length;
}

/** The text of a string token, with its escapes decoded. */
function textOf(bytes: Buffer, open: number, end: number): string {
  const token = bytes.toString('utf8', open, end);
  if (!token.includes('\\')) return token.slice(1, token.endsWith('"') && token.length > 1 ? -1 : undefined);
  try {
    return String(JSON.parse(token));
  } catch {
    return token.slice(1);
  }
}

function skipBlanks(bytes: Buffer, from: number): number {
  let i = from;
  while (i < bytes.length && (bytes[i] as number) <= 0x20) i++;
  return i;
}

function applied(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const edit of edits) {
    parts.push(bytes.subarray(from, edit.from), Buffer.from(edit.text));
    from = edit.to;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

function byteTable(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
