const MAX_FIELDS = 64;
const MAX_TEXT_BYTES = 1024;
const decoder = new TextDecoder();

/** The beginning of a protobuf message, looked at without its schema. */
export interface ProtoPeek {
  /** Field 1 where it is length-delimited, as text; undefined when it was not seen. */
  firstText: string | undefined;
  /** Numbers of the length-delimited fields seen, in wire order. */
  fields: number[];
  /** The bytes are no protobuf message, or are cut off inside a field header or field 1. */
  broken: boolean;
}

/** Walks over the top-level fields of a message that may be cut off; at most 64 of them, and never throws. */
export function peekProto(bytes: Uint8Array): ProtoPeek {
  const peek: ProtoPeek = { firstText: undefined, fields: [], broken: false };
  let at = 0;
  for (let count = 0; count < MAX_FIELDS && at < bytes.length; count++) {
    const next = peekField(bytes, at, peek);
    if (next < 0) {
      peek.broken = true;
      break;
    }
    at = next;
  }
  return peek;
}

/** Index behind the field that starts at `at` (may lie behind the end), or -1. */
function peekField(bytes: Uint8Array, at: number, peek: ProtoPeek): number {
  const tag = readVarint(bytes, at);
  if (tag === undefined || tag.value < 8) return -1;
  const field = Math.floor(tag.value / 8);
  switch (tag.value % 8) {
    case 0:
      return readVarint(bytes, tag.next)?.next ?? -1;
    case 1:
      return tag.next + 8;
    case 5:
      return tag.next + 4;
    case 2:
      return peekBytes(bytes, tag.next, field, peek);
    default:
      return -1;
  }
}

function peekBytes(bytes: Uint8Array, at: number, field: number, peek: ProtoPeek): number {
  const length = readVarint(bytes, at);
  if (length === undefined) return -1;
  const end = length.next + length.value;
  peek.fields.push(field);
  if (field === 1) {
    if (end > bytes.length || length.value > MAX_TEXT_BYTES) return -1;
    // The last one wins, as in every protobuf decoder.
    peek.firstText = decoder.decode(bytes.subarray(length.next, end));
  }
  return end;
}

function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let i = at; i < bytes.length && i < at + 10; i++) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: i + 1 };
    scale *= 128;
  }
  return undefined;
}
