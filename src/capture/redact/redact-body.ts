import { decodeBody, encodeBody, MAX_LOOKED_BYTES } from './body-coding.ts';
import { redactForm } from './redact-form.ts';
import { redactJson } from './redact-json.ts';
import { redactLiterals } from './redact-literals.ts';
import { redactMultipart } from './redact-multipart.ts';
import { redactProtobuf } from './redact-protobuf.ts';
import type { NameRule } from './redact-url.ts';

/** What the headers say of a body. */
export interface BodyKind {
  readonly contentType: string;
  /** `gzip`, …; '' where the body is not compressed. */
  readonly coding: string;
  /** Engram's protobuf message the body is, where it is one. */
  readonly message?: string | undefined;
}

/** Names looked at in one body. */
const MAX_NAMES = 100_000;

/**
 * A body with `[redacted]` in its secret fields; the same bytes where there is none, and undefined where it should be
 * looked into and can't be (too large, another coding): such a body must not be kept. Of a kind that has no names of
 * fields (images, plain text, unknown protobuf) it is kept as it is.
 */
export function redactBody(body: Uint8Array, kind: BodyKind, rule: NameRule): Uint8Array | undefined {
  if (body.length === 0) return body;
  try {
    return redactCoded(body, kind, bounded(rule));
  } catch {
    return undefined; // broken, or too many names
  }
}

/** A body made of nothing but new names would hold the traffic up for a second. */
function bounded(rule: NameRule): NameRule {
  let names = 0;
  return (name) => {
    if (++names > MAX_NAMES) throw new RangeError('too many names');
    return rule(name);
  };
}

function redactCoded(body: Uint8Array, kind: BodyKind, rule: NameRule): Uint8Array | undefined {
  if (kind.coding === '' || kind.coding === 'identity') return redactPlain(body, kind, rule);
  const plain = decodeBody(body, kind.coding);
  if (plain === undefined) return undefined;
  const clean = redactPlain(plain, kind, rule);
  if (clean === plain) return body;
  return clean === undefined ? undefined : encodeBody(clean, kind.coding);
}

function redactPlain(body: Buffer, kind: BodyKind, rule: NameRule): Buffer | undefined;
function redactPlain(body: Uint8Array, kind: BodyKind, rule: NameRule): Uint8Array | undefined;
function redactPlain(body: Uint8Array, kind: BodyKind, rule: NameRule): Uint8Array | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const format = formatOf(bytes, kind);
  if (format === 'other') return body;
  if (bytes.length > MAX_LOOKED_BYTES) return undefined;
  const clean = redactFormat(bytes, format, kind, rule);
  return clean === bytes ? body : clean;
}

type Format = 'json' | 'graphql' | 'form' | 'multipart' | 'protobuf' | 'other';

function redactFormat(bytes: Buffer, format: Format, kind: BodyKind, rule: NameRule): Buffer | undefined {
  switch (format) {
    case 'json':
      return redactJson(bytes, rule);
    case 'graphql':
      return redactGraphQl(bytes, rule);
    case 'form':
      return redactForm(bytes, rule);
    case 'multipart':
      return redactMultipart(bytes, kind.contentType, rule, (content, contentType) => {
        const clean = redactPlain(content, { contentType, coding: '' }, rule);
        return clean ?? Buffer.alloc(0);
      });
    case 'protobuf':
      return redactProtobuf(bytes, kind.message as string, rule);
    default:
      return bytes;
  }
}

function redactGraphQl(bytes: Buffer, rule: NameRule): Buffer {
  const text = bytes.toString();
  const clean = redactLiterals(text, (name) => rule(name) === 'secret');
  return clean === text ? bytes : Buffer.from(clean);
}

/** The content type says it, or what the body looks like: clients send JSON under every name, or under none. */
function formatOf(bytes: Buffer, { contentType, message }: BodyKind): Format {
  if (message !== undefined) return 'protobuf';
  if (/^application\/grpc(?!.*json)/i.test(contentType)) return 'other';
  if (/^multipart\//i.test(contentType)) return 'multipart';
  if (/json|event-stream|javascript/i.test(contentType)) return 'json';
  if (/graphql/i.test(contentType)) return 'graphql';
  if (/x-www-form-urlencoded/i.test(contentType)) return 'form';
  const start = bytes.toString('latin1', 0, 256);
  if (/^(?:\xef\xbb\xbf)?\s*[[{]|^(?:data|event|id|retry|):/.test(start)) return 'json';
  return /^[\w.%+[\]-]{1,128}=[\x20-\x7e]*$/.test(start) ? 'form' : 'other';
}
