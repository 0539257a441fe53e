import { EngramTraceError } from '../../error.ts';

const UNIT_NS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
};
const PART = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/gy;
const MAX_NS = 1e18;

/** Reads a duration into whole ns: a bare number is seconds, else `1h30m`, `250ms`, `50us`. Throws `usage`. */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const ns = /^(\d+(\.\d+)?|\.\d+)$/.test(trimmed) ? Number(trimmed) * 1e9 : sumOfParts(trimmed);
  if (ns === undefined) {
    throw new EngramTraceError('usage', `'${text}' is not a duration`, {
      hint: 'a bare number is seconds; else write it like 1h30m, 250ms or 50us',
    });
  }
  if (ns > MAX_NS)
    throw new EngramTraceError('usage', `the duration '${text}' is too long (at most 30 years)`);
  return Math.round(ns);
}

function sumOfParts(text: string): number | undefined {
  PART.lastIndex = 0;
  let ns = 0;
  let end = 0;
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    ns += Number(part[1]) * (UNIT_NS[part[2] ?? ''] ?? 0);
    end = PART.lastIndex;
  }
  return end > 0 && end === text.length ? ns : undefined;
}
