import { fieldsOf, type Http1Fields, TOKEN, trimBlanks } from './http1-head.ts';
import { malformed } from './malformed.ts';

/** A head in regular form: what the strict reading takes. */
export interface MendedHead {
  readonly line: string;
  readonly fields: Http1Fields;
}

/** Puts an irregular start line into regular form; undefined for what is none. `inside`: look for it in the line too. */
export type MendLine = (line: string, inside: boolean) => string | undefined;

const REQUEST_LINE = /^([^ \t]+)[ \t]+([^ \t]+)[ \t]+HTTP\/1\.([0-9]+)[ \t]*$/i;
const STATUS_LINE = /HTTP\/1\.([0-9]+)[ \t]+([1-9][0-9]{2})(?![0-9])/i;
const FRAMING = /content-length|transfer-encoding/i;
/** Characters that never stand in a value, and are read as a space where they do (RFC 9110 §5.5). */
const BROKEN = /[\r\0]/g;
const BLANK = /^[ \t]/;

/** HTTP/1.2 and the like are read as 1.1, as their makers promise (RFC 9110 §2.5). */
const minorOf = (digits: string | undefined): 0 | 1 => (Number(digits) === 0 ? 0 : 1);

/** Mends a request line with odd spaces, in lower case, or of a version to come. */
export const mendRequestLine: MendLine = (line) => {
  const [, method, target, minor] = REQUEST_LINE.exec(line) ?? [];
  return method === undefined ? undefined : `${method} ${target} HTTP/1.${minorOf(minor)}`;
};

/** Mends a status line with the same faults, whatever stands in place of a reason. */
export const mendStatusLine: MendLine = (line, inside) => {
  const match = STATUS_LINE.exec(line);
  const isThere = match !== null && (inside || line.slice(0, match.index).trim() === '');
  return isThere ? `HTTP/1.${minorOf(match[1])} ${match[2]}` : undefined;
};

/**
 * Reads a head as most peers do where the strict reading refuses it: line ends without CR, folded lines, spaces in front
 * of the colon, control characters; lines without a name are left out. What servers would not agree on in a request goes into
 * `requestFault`. `text` ends with the empty line. With `afterStray` the start line may come behind bytes that belong to
 * nothing, and there may be none: undefined then.
 */
export function mendHead(text: string, mendLine: MendLine, afterStray: boolean): MendedHead | undefined {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  for (const [i, first] of lines.entries()) {
    const line = mendLine(first, afterStray);
    if (line !== undefined) return { line, fields: mendFields(lines.slice(i + 1), isMixed(text)) };
    if (!afterStray) throw malformed('HTTP/1.1', 'no start line');
  }
  return undefined;
}

/** Some lines end with CRLF and some with LF alone: to a server that wants CRLF they are fewer lines. */
function isMixed(text: string): boolean {
  return text.includes('\r\n') && /(^|[^\r])\n/.test(text);
}

function mendFields(lines: readonly string[], mixed: boolean): Http1Fields {
  const headers: string[] = [];
  let fault = '';
  for (const line of lines) {
    if (line === '') continue;
    const isRegular = addLine(line, headers);
    // Servers unfold it, refuse it, or take it for a header of its own (RFC 9112 §5.2).
    if (BLANK.test(line)) fault ||= 'a folded line';
    else if ((!isRegular || mixed) && FRAMING.test(line)) fault ||= 'an irregular line about the body';
  }
  const fields = fieldsOf(headers);
  return fault === '' ? fields : { ...fields, requestFault: fault };
}

/** Adds a line to a head; false for one that not everybody reads in the same way. */
function addLine(line: string, headers: string[]): boolean {
  if (BLANK.test(line) && headers.length > 0) {
    headers[headers.length - 1] += ` ${trimBlanks(line)}`;
    return false;
  }
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const bare = trimBlanks(name);
  if (!TOKEN.test(bare)) return false;
  const raw = line.slice(colon + 1);
  headers.push(bare, trimBlanks(raw.replaceAll(BROKEN, ' ')));
  return bare === name && raw.search(BROKEN) < 0;
}
