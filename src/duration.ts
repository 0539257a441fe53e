import { EngramTraceError } from './error.ts';

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  '': 1e9,
};
const DURATION = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|)$/;

/** Nanoseconds of `250us`, `5ms`, `2s`, `1m`, `1h` or a bare number of seconds; `what` names the option in the error. */
export function parseDurationNs(text: string, what: string): number {
  const match = DURATION.exec(text.trim());
  const ns = match ? Number(match[1]) * (UNIT_NS[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
  if (Number.isSafeInteger(Math.round(ns))) return Math.round(ns);
  throw new EngramTraceError('usage', `${what}: "${text}" is not a duration`, {
    hint: 'Write a number with ns, us, ms, s, m or h, for example 5ms.',
  });
}
