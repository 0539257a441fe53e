import { DateTime } from 'luxon';
import { EngramTraceError } from '../trace/error.ts';
import type { TimePoint } from '../transforms/time-range.ts';
import { parseDuration } from './parse-duration.ts';

const FRACTION = /^(.*T?\d{2}:?\d{2}:?\d{2})[.,](\d{1,9})(.*)$/i;
const HINT =
  'write it in ISO 8601 such as 2025-11-21T14:00:00Z (UTC where no zone is given), or relative such as -2h';

/**
 * Reads a time into Unix ns: ISO 8601 to the ns, in UTC where it names no zone, or `now`, `-2h`, `now-2h`.
 * Impossible times (30 February, 25:00) throw `usage`.
 */
export function parseTime(text: string, nowUnixNs: bigint): bigint {
  const trimmed = text.trim();
  const relative = /^(?:now)?\s*([-+])\s*(.+)$/i.exec(trimmed);
  if (/^now$/i.test(trimmed)) return nowUnixNs;
  if (relative?.[2] === undefined) return parseIso(trimmed);
  const ns = BigInt(parseDuration(relative[2]));
  return relative[1] === '-' ? nowUnixNs - ns : nowUnixNs + ns;
}

/** As `parseTime`, and a plain duration (`90`, `1m30s`) counts from the start of the trace. Throws `usage`. */
export function parseTimePoint(text: string, nowUnixNs: bigint): TimePoint {
  if (/^[\d.]+\s*([nuµμm]?s|m|h|d|$)/.test(text.trim())) return { offsetNs: parseDuration(text) };
  return { unixNs: parseTime(text, nowUnixNs) };
}

function parseIso(text: string): bigint {
  // Luxon counts in ms, so the digits behind the point are taken off and added again.
  const [, whole = text, digits = '', zone = ''] = FRACTION.exec(text) ?? [];
  const time = DateTime.fromISO(whole + zone, { zone: 'utc' });
  if (!/^\d{4}-?\d{2}/.test(text) || !time.isValid) {
    throw new EngramTraceError('usage', `'${text}' is not a time${reasonOf(time)}`, {
      hint: epochHint(text) ?? HINT,
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

/** What a bare number would be as seconds, ms, us or ns since 1970. */
function epochHint(text: string): string | undefined {
  const unit = { 10: 0, 13: 3, 16: 6, 19: 9 }[text.length];
  if (unit === undefined || !/^\d+$/.test(text)) return undefined;
  const time = DateTime.fromMillis(Number(text) / 10 ** (unit - 3), { zone: 'utc' });
  return `a number is no time here; as a Unix time it would be ${time.toISO()}`;
}

/** Luxon says `you specified 13 (of type number) as a month, which is invalid`; only the two words are of use. */
function reasonOf({ invalidExplanation }: DateTime): string {
  const [, value, unit] =
    /you specified (\S+) \(of type \w+\) as an? (\w+)/.exec(invalidExplanation ?? '') ?? [];
  if (value === undefined || unit === undefined) return '';
  const where = unit === 'day' ? ' in that month' : '';
  return `: there is no ${unit} ${value}${where}`;
}
