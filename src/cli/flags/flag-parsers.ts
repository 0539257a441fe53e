import { EngramTraceError } from '../../error.ts';

/** Parser of a flag that may be given several times: collects the values. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** A whole number from 0 on. Throws `usage`. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new EngramTraceError('usage', `'${text}' is not a whole number`);
}

/** A ratio from 0 to 1, or a percentage such as `10%`. Throws `usage`. */
export function parseRatio(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim());
  const ratio = Number(match?.[1] ?? Number.NaN) / (match?.[2] === '%' ? 100 : 1);
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw new EngramTraceError('usage', `'${text}' is not a ratio from 0 to 1`, {
    hint: 'write it like 0.1 or 10%',
  });
}

/** A TCP port, 0 for any. Throws `usage`. */
export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new EngramTraceError('usage', `'${text}' is not a port from 0 to 65535`);
}

/** What a due time in integer-valued ns has room for. */
const [LEAST_FACTOR, MOST_FACTOR] = [1e-6, 1e6];

/** A factor as a plain number, from 1e-6 to 1e6. Throws `usage`. */
export function parseFactor(text: string): number {
  const factor = /^\d*\.?\d+(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (factor >= LEAST_FACTOR && factor <= MOST_FACTOR) return factor;
  throw new EngramTraceError('usage', `'${text}' is not a number above 0, from 1e-6 to 1e6`);
}
