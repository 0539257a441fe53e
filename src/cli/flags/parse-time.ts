import { DateTime } from '../../bundled/luxon.ts';
import { EngramTraceError } from '../../error.ts';
import { isoTime } from '../../iso-time.ts';
import type { TimePoint } from '../../transforms/time-range.ts';
import { parseDuration } from './parse-duration.ts';

const FRACTION = /^(.*T?\d{2}:?\d{2}:?\d{2})[.,](\d{1,9})(.*)$/i;
const HINT =
  'write it in ISO 8601 such as 2025-11-21T14:00:00Z (UTC where no zone is given), as a Unix time, or relative such as -2h';
/** Unix times by the digits in front of the point: seconds, ms, us, ns of 2001 to 2286. */
const EPOCH = /^(\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})$/;
/** A day in eight digits. As a number of seconds it were longer than any trace. */
const DAY = /^(19|20)\d{6}$/;

/**
 * Reads a time into Unix ns: ISO 8601 to the ns (a space for its T is fine), in UTC where it names no zone, a Unix time
 * in s, ms, us or ns, or `now`, `-2h`, `now-2h`.
 * Impossible times (30 February, 25:00) throw `usage`.
 */
export function parseTime(text: string, nowUnixNs: bigint): bigint {
  const trimmed = text.trim();
  const relative = /^(?:now)?\s*([-+])\s*(.+)$/i.exec(trimmed);
  if (/^now$/i.test(trimmed)) return nowUnixNs;
  if (EPOCH.test(trimmed)) return parseEpoch(trimmed);
  if (relative?.[2] === undefined) return parseIso(isoOf(trimmed));
  const ns = BigInt(parseDuration(relative[2]));
  return relative[1] === '-' ? nowUnixNs - ns : nowUnixNs + ns;
}

/**
 * Parses what `parseTime` does, and a plain duration (`90`, `1m30s`), which counts from the start of the trace. Throws
 * `usage`.
 */
export function parseTimePoint(text: string, nowUnixNs: bigint): TimePoint {
  const trimmed = text.trim();
  const isTime = EPOCH.test(trimmed) || DAY.test(trimmed);
  if (!isTime && /^[\d.]+\s*([nuµμm]?s|m|h|d|$)/.test(trimmed)) return { offsetNs: parseDuration(text) };
  return { unixNs: parseTime(text, nowUnixNs) };
}

/** Says in words how a time was understood that may have been meant otherwise; undefined where it says all itself. */
export function readingOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (EPOCH.test(trimmed)) {
    return `${trimmed} is the Unix time (${epochUnit(trimmed).name}) of ${isoTime(parseEpoch(trimmed))}`;
  }
  const isTimeOfDay = /^\d{4}-?\d{2}-?\d{2}/.test(trimmed);
  const hasZone = /(z|utc|gmt)$/i.test(trimmed) || /[T ]\d.*[-+]\d{2}(:?\d{2})?$|\]$/i.test(trimmed);
  return isTimeOfDay && !hasZone ? `${trimmed} names no zone and is taken as UTC` : undefined;
}

function epochUnit(text: string): { name: string; digits: number } {
  const whole = text.split('.')[0] ?? '';
  const names = ['seconds', 'ms', 'us', 'ns'];
  return { name: names[(whole.length - 10) / 3] ?? '', digits: whole.length - 10 };
}

function parseEpoch(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(9 - epochUnit(text).digits, '0'));
}

/** With a T between day and time, and a zone in the letters of ISO 8601. */
function isoOf(text: string): string {
  return text
    .replace(/^(\d{4}-\d{2}-\d{2})\s+(?=\d)/, '$1T')
    .replace(/\s*(utc|gmt)$/i, 'Z')
    .replace(/\s+(?=([-+]\d{2}(:?\d{2})?|z)$)/i, '');
}

function parseIso(text: string): bigint {
  // Luxon counts in ms, so the digits behind the point are taken off and added again.
  const [, whole = text, digits = '', zone = ''] = FRACTION.exec(text) ?? [];
  const time = DateTime.fromISO(whole + zone, { zone: 'utc' });
  if (!/^\d{4}-?\d{2}/.test(text) || !time.isValid) {
    throw new EngramTraceError('usage', `'${text}' is not a time${reasonOf(time)}`, {
      hint: HINT,
    });
  }
  refuseZone(text);
  return BigInt(time.toMillis()) * 1_000_000n + BigInt(digits.padEnd(9, '0'));
}

/** Luxon takes any digits for a zone. */
function refuseZone(text: string): void {
  const [, hours = '', minutes = '00'] = /T.*[-+](\d{2}):?(\d{2})?$/i.exec(text) ?? [];
  if (Number(hours) < 24 && Number(minutes) < 60) return;
  throw new EngramTraceError('usage', `'${text}' is not a time: there is no zone ${hours}:${minutes}`, {
    hint: HINT,
  });
}

/** Luxon says `you specified 13 (of type number) as a month, which is invalid`; only the two words are of use. */
function reasonOf({ invalidExplanation }: DateTime): string {
  const [, value, unit] =
    /you specified (\S+) \(of type \w+\) as an? (\w+)/.exec(invalidExplanation ?? '') ?? [];
  if (value === undefined || unit === undefined) return '';
  const where = unit === 'day' ? ' in that month' : '';
  return `: there is no ${unit} ${value}${where}`;
}
