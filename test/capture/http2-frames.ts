/** Frame types and flags (RFC 9113 §6), as far as tests need them. */
export const DATA = 0;
export const HEADERS = 1;
export const RESET = 3;
export const SETTINGS = 4;
export const GOAWAY = 7;
export const END_STREAM = 1;
export const END_HEADERS = 4;

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const data = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(data.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, data]);
}

/** A header block of literals outside of any table; no name or value longer than 126 bytes. */
export function block(fields: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) =>
    [name, value].map((text) => String.fromCharCode(text.length) + text),
  );
  const literals = parts.map((part, i) => (i % 2 === 0 ? `\0${part}` : part));
  return Buffer.from(literals.join(''), 'latin1');
}

/** A HEADERS frame that holds a whole block. */
export function headers(stream: number, fields: Readonly<Record<string, string>>, flags = 0): Buffer {
  return frame(HEADERS, END_HEADERS | flags, stream, block(fields));
}

/** A gRPC message in its framing. */
export function message(data: string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, Buffer.from(data)]);
}
