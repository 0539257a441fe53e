import { isWord, wordBytes } from './response-fields.ts';

/**
 * How the events of an endless answer are told apart: as server-sent events, as lines, or not at all (parts of
 * multipart, what is compressed).
 */
export type EndlessKind = 'events' | 'lines' | 'unread';

/** A content type whose answers may have no end of their own. */
export interface EndlessType {
  readonly kind: EndlessKind;
  /** Whether an answer of this type that tells its length is an answer like any other. */
  readonly mayBeOrdinary: boolean;
}

/** What the head of an answer says that makes it endless or not. */
export interface AnswerHead {
  status: number;
  /** Of the content type; undefined for every other. */
  endlessType: EndlessType | undefined;
  hasLength: boolean;
  /** Whether the answer is compressed, or coded in another way. */
  isEncoded: boolean;
}

const TYPES: readonly { readonly word: Uint8Array; readonly type: EndlessType }[] = [
  endless('text/event-stream', 'events', false),
  endless('multipart/x-mixed-replace', 'unread', false),
  endless('application/x-ndjson', 'lines', true),
  endless('application/ndjson', 'lines', true),
  endless('application/jsonl', 'lines', true),
  endless('application/stream+json', 'lines', true),
  endless('application/json-seq', 'unread', true),
];
/** No such type is shorter: `application/json`, `text/html` and most others are passed over at once. */
const SHORTEST = Math.min(...TYPES.map(({ word }) => word.length));
const IDENTITY = wordBytes('identity');

const A = 0x61;
const E = 0x65;
const J = 0x6a;
const L = 0x6c;
const M = 0x6d;
const T = 0x74;
const DASH = 0x2d;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

/** Reads the value of a Content-Type header, in any case and with any parameters; undefined for an ordinary type. */
export function endlessTypeIn(bytes: Uint8Array, from: number, to: number): EndlessType | undefined {
  if (to - from < SHORTEST || !mayBeOne(bytes, from)) return undefined;
  for (const { word, type } of TYPES) {
    const end = from + word.length;
    if (isEndOfType(bytes, end, to) && isWord(bytes, from, end, word)) return type;
  }
  return undefined;
}

/** Tells whether the value of a Content-Encoding header says that the body is coded. */
export function isCoded(bytes: Uint8Array, from: number, to: number): boolean {
  return to > from && !isWord(bytes, from, to, IDENTITY);
}

/** Tells whether one of these transfer codings is another than `chunked`. */
export function isCompressed(codings: string): boolean {
  return codings.split(',').some((coding) => !/^[ \t]*(chunked|identity)?[ \t]*$/i.test(coding));
}

/** Tells an endless answer, which has a body, from an ordinary one. A refusal is an ordinary answer of whatever type. */
export function endlessKindOf(head: AnswerHead): EndlessKind | undefined {
  const { status, endlessType: type, hasLength, isEncoded } = head;
  const isRefusal = status < 200 || status > 299;
  if (type === undefined || isRefusal || (type.mayBeOrdinary && hasLength)) return undefined;
  return isEncoded ? 'unread' : type.kind;
}

/** Tells by a few letters whether a type may be one of those: `application/json; charset=utf-8` is read no further. */
function mayBeOne(bytes: Uint8Array, from: number): boolean {
  const at = (index: number): number => (bytes[from + index] as number) | 0x20;
  if (at(0) === T) return at(5) === E;
  if (at(0) !== A) return at(0) === M;
  return at(12) !== J || at(16) === L || at(16) === DASH;
}

function isEndOfType(bytes: Uint8Array, at: number, to: number): boolean {
  if (at >= to) return at === to;
  const byte = bytes[at];
  return byte === SEMICOLON || byte === SPACE || byte === TAB;
}

function endless(name: string, kind: EndlessKind, mayBeOrdinary: boolean) {
  return { word: wordBytes(name), type: { kind, mayBeOrdinary } };
}
