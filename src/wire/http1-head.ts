import type { HeaderList } from '../trace/record/record.ts';
import { malformed } from './malformed.ts';

/** Header fields of one message, and what they say about where it ends. */
export interface Http1Fields {
  /** Names and values by turns, exactly as sent but for the white space around a value. */
  readonly headers: HeaderList;
  readonly contentLength: number | undefined;
  /** `chunked`: the last coding is chunked. `other`: some coding, not chunked at the end. */
  readonly transferCoding: 'chunked' | 'other' | undefined;
  /** There is an Upgrade header, and Connection names it. */
  readonly upgrade: boolean;
  /** Why two servers could see two ends of a request with these fields; '' where they could not. */
  readonly requestFault: string;
  /** Why two clients could see two ends of an answer. They agree on more than servers do (RFC 9112 §6.3). */
  readonly answerFault: string;
}

export interface Http1RequestHead {
  readonly method: string;
  /** Request target, byte for byte (Latin-1). */
  readonly target: string;
  readonly minorVersion: 0 | 1;
  readonly fields: Http1Fields;
}

export interface Http1ResponseHead {
  readonly status: number;
  readonly minorVersion: 0 | 1;
  readonly fields: Http1Fields;
}

/** A method, or the name of a header. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a head must not contain
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: |$)/;
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/** Splits a line of a head; false where it is irregular. */
function splitLine(line: string, into: string[]): boolean {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  // A name with a space before the colon, and a folded line, are read differently by different servers.
  if (!TOKEN.test(name)) return false;
  const value = trimBlanks(line.slice(colon + 1));
  into.push(name, value);
  return !CONTROL.test(value);
}

/**
 * Takes the spaces and tabs around a text away. A regular expression would take the square of the time for many of
 * them.
 */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Lengths that are equal are one length: repeated by a proxy, or joined with commas. */
function contentLengthOf(values: readonly string[]): number | 'fault' | undefined {
  if (values.length === 0) return undefined;
  const lengths = new Set(values.flatMap((value) => value.split(',')).map(trimBlanks));
  const [length, another] = lengths;
  return another === undefined && CONTENT_LENGTH.test(length as string) ? Number(length) : 'fault';
}

/** `identity`, an old word for none, says nothing. */
function codingsOf(values: readonly string[]): string[] {
  const codings = values
    .flatMap((value) => value.split(','))
    .map((coding) => trimBlanks(coding).toLowerCase());
  return codings.filter((coding) => coding !== 'identity' && coding !== '');
}

/** Values of the headers of a name, which is given in lower case. */
export function valuesOf(headers: HeaderList, name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
}

/** What a list of headers says about its message. */
export function fieldsOf(headers: HeaderList): Http1Fields {
  const length = contentLengthOf(valuesOf(headers, 'content-length'));
  const coded = valuesOf(headers, 'transfer-encoding');
  const codings = codingsOf(coded);
  const isChunked = codings.at(-1) === 'chunked';
  const lengthFault = length === 'fault' ? 'a Content-Length that is not one number' : '';
  const upgrade =
    valuesOf(headers, 'upgrade').length > 0 &&
    valuesOf(headers, 'connection').some((v) => /(^|[, ])upgrade($|[, ])/i.test(v));
  return {
    headers,
    contentLength: length === 'fault' ? undefined : length,
    transferCoding: isChunked ? 'chunked' : codings.length > 0 ? 'other' : undefined,
    upgrade,
    requestFault: codingFault(coded, codings, length !== undefined) || lengthFault,
    answerFault: codings.length > 0 ? '' : lengthFault,
  };
}

function codingFault(values: readonly string[], codings: readonly string[], hasLength: boolean): string {
  if (values.some((value) => value === '')) return 'an empty Transfer-Encoding';
  if (codings.length === 0) return '';
  if (hasLength) return 'both Content-Length and Transfer-Encoding';
  return codings.indexOf('chunked') === codings.length - 1 ? '' : 'a coding other than chunked at its end';
}

/** Parses header lines, each ended by CRLF; undefined where a line is irregular: see `mendHead`. */
export function parseHttp1Fields(text: string): Http1Fields | undefined {
  const headers: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    if (end < 0 || !splitLine(text.slice(at, end), headers)) return undefined;
    at = end + 2;
  }
  return fieldsOf(headers);
}

const cachedFields = new Map<string, Http1Fields>();
const MAX_CACHED = 512;
const MAX_CACHED_CHARS = 2048;
/** A text of many short lines costs many times its letters. */
const MAX_CACHED_STRINGS = 128;

/** `parseHttp1Fields`, remembering what it parsed: clients send the same few header texts all day. */
export function cachedHttp1Fields(text: string): Http1Fields | undefined {
  const known = cachedFields.get(text);
  if (known !== undefined) return known;
  const fields = parseHttp1Fields(text);
  const isShort = text.length <= MAX_CACHED_CHARS;
  if (fields !== undefined && isShort && fields.headers.length <= MAX_CACHED_STRINGS) {
    if (cachedFields.size >= MAX_CACHED) cachedFields.clear();
    cachedFields.set(text, fields);
  }
  return fields;
}

/**
 * Parses a request line (RFC 9112 §3) and joins it with its fields; undefined where it is irregular. Throws where two
 * servers could see two different requests.
 */
export function requestHead(line: string, fields: Http1Fields): Http1RequestHead | undefined {
  const behindMethod = line.indexOf(' ');
  const behindTarget = line.length - VERSION_CHARS;
  const minorVersion = minorVersionOf(line, behindTarget);
  if (minorVersion === undefined || behindMethod <= 0 || behindTarget <= behindMethod + 1) return undefined;
  const method = line.slice(0, behindMethod);
  const target = line.slice(behindMethod + 1, behindTarget);
  if (target.includes(' ') || !isMethod(method) || CONTROL.test(target)) return undefined;
  if (fields.requestFault !== '') throw malformed('HTTP/1.1', fields.requestFault);
  // A coding HTTP/1.0 has not: classic request smuggling.
  if (fields.transferCoding !== undefined && minorVersion === 0) {
    throw malformed('HTTP/1.1', 'Transfer-Encoding in HTTP/1.0');
  }
  return { method, target, minorVersion, fields };
}

const VERSION_CHARS = ' HTTP/1.1'.length;

function minorVersionOf(line: string, at: number): 0 | 1 | undefined {
  if (line.startsWith(' HTTP/1.1', at)) return 1;
  return line.startsWith(' HTTP/1.0', at) ? 0 : undefined;
}

/** Nearly all methods are one of a few. */
function isMethod(text: string): boolean {
  return text === 'GET' || text === 'POST' || TOKEN.test(text);
}

/** Parses a status line (RFC 9112 §4) and joins it with its fields; undefined where it is irregular. */
export function responseHead(line: string, fields: Http1Fields): Http1ResponseHead | undefined {
  const match = STATUS_LINE.exec(line);
  if (match === null || CONTROL.test(line)) return undefined;
  return { status: Number(match[2]), minorVersion: match[1] === '0' ? 0 : 1, fields };
}
