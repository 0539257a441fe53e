import { TOKEN, trimBlanks } from '../../wire/http1-head.ts';

/** What a status line says that the strict reading refuses. */
export interface MendedStatus {
  readonly minor: 0 | 1;
  readonly status: number;
}

const STATUS_LINE = /HTTP\/([0-9]+)\.([0-9]+)[ \t]+([1-9][0-9]{2})(?![0-9])/i;
/** Characters that never stand in a value, and are read as a space where they do (RFC 9110 §5.5). */
const BROKEN = /[\r\0]/g;

/**
 * Reads an odd status line (spaces, lower case, any reason, a version to come) as capture and other clients do;
 * undefined for what is none. Where it is `inside`, it may come behind bytes that belong to nothing.
 */
export function irregularStatusOf(line: string, inside: boolean): MendedStatus | undefined {
  const match = STATUS_LINE.exec(line);
  if (match === null || (!inside && line.slice(0, match.index).trim() !== '')) return undefined;
  const [, major, minor, status] = match;
  const isOld = Number(major) === 0 || (Number(major) === 1 && Number(minor) === 0);
  return { minor: isOld ? 0 : 1, status: Number(status) };
}

/** Reads a line with spaces in front of the colon or control characters; undefined for one without a proper name. */
export function mendFieldLine(line: string): { name: string; value: string } | undefined {
  const colon = line.indexOf(':');
  const name = trimBlanks(line.slice(0, Math.max(0, colon))).toLowerCase();
  if (!TOKEN.test(name)) return undefined;
  return { name, value: trimBlanks(line.slice(colon + 1).replaceAll(BROKEN, ' ')) };
}

/** Lengths that are equal are one length: repeated by a proxy, or joined with commas. -1 for several, or none. */
export function oneLengthOf(values: readonly string[]): number {
  const lengths = values.flatMap((value) => value.split(',')).map((value) => trimBlanks(value));
  const [length, another] = new Set(lengths.map((digits) => digits.replace(/^0+(?=[0-9])/, '')));
  const isOne = another === undefined && length !== undefined && /^[0-9]{1,15}$/.test(length);
  return isOne ? Number(length) : -1;
}
