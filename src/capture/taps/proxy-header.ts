/** The bytes that a header of version 2 begins with (PROXY protocol, §2.2); two bytes and a length of two follow. */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED_BYTES = 16;
/** The longest line of version 1, its CRLF included (§2.1). */
const MAX_LINE_BYTES = 107;
const BEFORE_KIND = 'PROXY ';
const LINE = /^PROXY (?:TCP4|TCP6|UNKNOWN)(?: [^\r\n]*)?\r\n/;

/**
 * How many bytes of a PROXY protocol header a connection begins with; 0 for none, undefined while that is open. `first`
 * is all that the client has sent.
 */
export function proxyHeaderBytes(first: Buffer): number | undefined {
  if (isBegunBy(first, SIGNATURE)) {
    return first.length < FIXED_BYTES ? undefined : FIXED_BYTES + first.readUInt16BE(FIXED_BYTES - 2);
  }
  const text = first.toString('latin1', 0, MAX_LINE_BYTES);
  if (!text.startsWith(BEFORE_KIND.slice(0, text.length))) return 0;
  const line = LINE.exec(text)?.[0];
  if (line !== undefined) return line.length;
  return text.length >= MAX_LINE_BYTES || text.includes('\n') ? 0 : undefined;
}

/** Whether the bytes begin with these, or are too few to tell. */
function isBegunBy(bytes: Buffer, beginning: Buffer): boolean {
  const length = Math.min(bytes.length, beginning.length);
  return length > 0 && bytes.compare(beginning, 0, length, 0, length) === 0;
}
