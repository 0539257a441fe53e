import { REDACTED } from '../../trace/record/redacted.ts';
import type { NameRule } from './redact-url.ts';

/** Redacts the content of a part as what its header says it is. */
export type RedactPart = (content: Buffer, contentType: string) => Buffer;

/**
 * A multipart body whose secret fields hold `[redacted]`; the same bytes where there is none. Undefined where the content
 * type names no boundary, so that nothing can be told apart.
 */
export function redactMultipart(
  bytes: Buffer,
  contentType: string,
  rule: NameRule,
  redactPart: RedactPart,
): Buffer | undefined {
  const match = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Buffer[] = [];
  let doneTo = 0;
  for (let at = bytes.indexOf(delimiter); at >= 0; ) {
    const from = at + delimiter.length;
    const next = bytes.indexOf(delimiter, from);
    const to = next < 0 ? bytes.length : next;
    const content = contentOf(bytes, from, to);
    if (content !== undefined) {
      const value = bytes.subarray(content.from, content.to);
      const clean = redactContent(value, content.head, rule, redactPart);
      if (clean !== value) {
        parts.push(bytes.subarray(doneTo, content.from), clean);
        doneTo = content.to;
      }
    }
    at = next;
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(doneTo)]);
}

interface PartContent {
  readonly head: string;
  readonly from: number;
  readonly to: number;
}

/** The content of a part: what stands between its head and the line break in front of the next delimiter. */
function contentOf(bytes: Buffer, from: number, to: number): PartContent | undefined {
  const [crlf, lf] = [bytes.indexOf('\r\n\r\n', from), bytes.indexOf('\n\n', from)];
  const isCrlf = crlf >= 0 && (lf < 0 || crlf < lf);
  const end = isCrlf ? crlf : lf;
  if (end < 0 || end >= to) return undefined;
  const start = end + (isCrlf ? 4 : 2);
  let stop = to;
  if (to < bytes.length && bytes[stop - 1] === 0x0a) stop -= bytes[stop - 2] === 0x0d ? 2 : 1;
  return { head: bytes.toString('latin1', from, end), from: start, to: Math.max(start, stop) };
}

function redactContent(value: Buffer, head: string, rule: NameRule, redactPart: RedactPart): Buffer {
  const name = /^content-disposition:.*?;\s*name\*?=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/im.exec(head);
  const verdict = rule((name?.[1] ?? name?.[2] ?? '').replace(/^[\w-]*'[\w-]*'/, ''));
  if (verdict === 'keep' || value.length === 0) return value;
  if (verdict === 'secret') return value.equals(Buffer.from(REDACTED)) ? value : Buffer.from(REDACTED);
  return redactPart(value, /^content-type:[ \t]*(.*)$/im.exec(head)?.[1]?.trim() ?? '');
}
