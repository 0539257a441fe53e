import { REDACTED } from '../../trace/record/redacted.ts';
import { ENGRAM_FIELDS, ENGRAM_RPCS } from './engram-fields.ts';
import type { NameRule } from './redact-url.ts';

/** A field of a message: its name, and the message it holds, `*` for a map from text to text, '' for text or bytes. */
interface Field {
  readonly name: string;
  readonly holds: string;
}

type Fields = ReadonlyMap<number, Field>;

const MAP_ENTRY = '*';
const LENGTH_DELIMITED = 2;
/** Messages in messages; protobuf's own decoders stop at 100. */
const MAX_DEPTH = 100;
const RPC = /^\/engram\.v1\.EngramService\/(\w+)$/;

/** The message that travels in a direction of a call; undefined where its fields are not known. */
export function messageOf(path: string, fromServer: boolean): string | undefined {
  const rpc = RPC.exec(path)?.[1];
  return rpc !== undefined && Object.hasOwn(ENGRAM_RPCS, rpc)
    ? ENGRAM_RPCS[rpc]?.[fromServer ? 1 : 0]
    : undefined;
}

/**
 * A protobuf message whose secret texts and entries of maps are `[redacted]`; the same bytes where there is none. What is
 * no protobuf throws.
 */
export function redactProtobuf(bytes: Buffer, message: string, rule: NameRule, depth = 0): Buffer {
  if (depth > MAX_DEPTH) throw new RangeError('messages too deep in messages');
  const fields = fieldsOf(message);
  const parts: Buffer[] = [];
  let doneTo = 0;
  for (let at = 0; at < bytes.length; ) {
    const span = readField(bytes, at);
    const field = span.wireType === LENGTH_DELIMITED ? fields.get(span.number) : undefined;
    if (field !== undefined) {
      const value = bytes.subarray(span.valueAt, span.end);
      const clean = redactField(value, field, rule, depth);
      if (clean !== value) {
        parts.push(bytes.subarray(doneTo, span.tagEnd), varint(clean.length), clean);
        doneTo = span.end;
      }
    }
    at = span.end;
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(doneTo)]);
}

function redactField(value: Buffer, { name, holds }: Field, rule: NameRule, depth: number): Buffer {
  const verdict = rule(name);
  if (verdict === 'keep') return value;
  if (holds === MAP_ENTRY) return redactEntry(value, verdict === 'secret', rule);
  if (holds !== '') return redactProtobuf(value, holds, rule, depth + 1);
  return verdict === 'secret' && value.length > 0 ? Buffer.from(REDACTED) : value;
}

/** An entry of a map is a message: the key is field 1, the value field 2. */
function redactEntry(entry: Buffer, isSecretMap: boolean, rule: NameRule): Buffer {
  let key = '';
  let value: { at: number; end: number; tagEnd: number } | undefined;
  for (let at = 0; at < entry.length; ) {
    const span = readField(entry, at);
    if (span.number === 1) key = entry.toString('utf8', span.valueAt, span.end);
    else if (span.number === 2) value = { at: span.valueAt, end: span.end, tagEnd: span.tagEnd };
    at = span.end;
  }
  const verdict = rule(key);
  const isSecret = verdict === 'secret' || (isSecretMap && verdict !== 'keep');
  if (!isSecret || value === undefined || value.end === value.at) return entry;
  const text = Buffer.from(REDACTED);
  return Buffer.concat([
    entry.subarray(0, value.tagEnd),
    varint(text.length),
    text,
    entry.subarray(value.end),
  ]);
}

interface FieldSpan {
  readonly number: number;
  readonly wireType: number;
  /** The place behind the field's tag. */
  readonly tagEnd: number;
  readonly valueAt: number;
  readonly end: number;
}

function readField(bytes: Buffer, at: number): FieldSpan {
  const tag = readVarint(bytes, at);
  const [number, wireType] = [Math.floor(tag.value / 8), tag.value % 8];
  if (number === 0) throw new RangeError('a field without a number');
  const { valueAt, end } = readExtent(bytes, tag.end, wireType);
  if (end > bytes.length) throw new RangeError('a field beyond the end');
  return { number, wireType, tagEnd: tag.end, valueAt, end };
}

function readExtent(bytes: Buffer, at: number, wireType: number): { valueAt: number; end: number } {
  switch (wireType) {
    case 0:
      return { valueAt: at, end: readVarint(bytes, at).end };
    case 1:
      return { valueAt: at, end: at + 8 };
    case 5:
      return { valueAt: at, end: at + 4 };
    case LENGTH_DELIMITED: {
      const length = readVarint(bytes, at);
      return { valueAt: length.end, end: length.end + length.value };
    }
    default:
      throw new RangeError('a wire type that is none');
  }
}

function readVarint(bytes: Buffer, at: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  for (let i = at; i < bytes.length && i < at + 10; i++) {
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: i + 1 };
    scale *= 128;
  }
  throw new RangeError('a number beyond the end');
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

const known = new Map<string, Fields>();

function fieldsOf(message: string): Fields {
  let fields = known.get(message);
  if (fields === undefined) {
    fields = new Map(parsedFields(ENGRAM_FIELDS[message] ?? ''));
    known.set(message, fields);
  }
  return fields;
}

function parsedFields(text: string): [number, Field][] {
  return [...text.matchAll(/(\d+) (\w+)(?::([\w*]+))?/g)].map(([, number, name = '', holds = '']) => [
    Number(number),
    { name, holds },
  ]);
}
