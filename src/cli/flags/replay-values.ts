import { EngramTraceError } from '../../error.ts';
import { LEAST_UPSCALE, MOST_UPSCALE, type ShardPart, type Timing } from '../../replay/replay-options.ts';
import { parseCount, parseFactor, parseRatio } from './flag-parsers.ts';
import { parseDuration } from './parse-duration.ts';

/** A factor as people write it: 2, 2x, 200%. */
export function parseMultiplier(text: string): number {
  const [, digits = text, unit] = /^\s*(.+?)\s*([x×%])?\s*$/i.exec(text) ?? [];
  if (unit === undefined) return parseFactor(text);
  const factor = parseFactor(digits);
  return unit === '%' ? parseFactor(String(factor / 100)) : factor;
}

/** How many times as densely arrivals follow each other: 1 to 1000. Throws `usage`. */
export function parseUpscale(text: string): number {
  const [, digits = text] = /^\s*(.+?)\s*[x×]?\s*$/i.exec(text) ?? [];
  const factor = /^\d*\.?\d+(e[+-]?\d+)?$/i.test(digits) ? Number(digits) : Number.NaN;
  if (factor === 1 || (factor >= LEAST_UPSCALE && factor <= MOST_UPSCALE)) return factor;
  throw new EngramTraceError('usage', `'${text}' is not a factor from 1 to ${MOST_UPSCALE}`, {
    hint: factor < 1 ? 'a lighter trace is made by `engram-trace filter --sample`' : undefined,
  });
}

/** How often the trace is played; Infinity for ever. Throws `usage`. */
export function parsePasses(text: string): number {
  return /^(forever|infinite|infinity|inf)$/i.test(text) ? Infinity : parseAtLeastOne(text);
}

/** A share, or a switch, as in a configuration file. */
export function parseMismatch(text: string): number {
  if (text === 'any' || text === 'true') return 1;
  if (text === 'false') return 0;
  try {
    return parseRatio(text);
  } catch (thrown) {
    throw new EngramTraceError('usage', `'${text}' is not a share from 0 to 1`, {
      hint: 'write --expect-mismatch=25%, or the flag alone behind everything else for any share',
      cause: thrown,
    });
  }
}

/** A whole number from 1 on. Throws `usage`. */
export function parseAtLeastOne(text: string): number {
  const count = parseCount(text);
  if (count > 0) return count;
  throw new EngramTraceError('usage', 'has to be at least 1');
}

/** A duration above 0, in ns. Throws `usage`. */
export function parsePositiveDuration(text: string): number {
  const ns = parseDuration(text);
  if (ns > 0) return ns;
  throw new EngramTraceError('usage', `'${text}' has to be longer than 0`);
}

/** Where the times of a plan come from (`--timing`). Throws `usage`. */
export function parseTiming(text: string): Timing {
  if (text === 'absolute' || text === 'think' || text === 'asap') return { kind: text };
  const rate = /^rate=(.+)$/.exec(text)?.[1];
  if (rate !== undefined) return { kind: 'rate', perSec: parseFactor(rate) };
  throw new EngramTraceError('usage', `'${text}' is not absolute, think, asap or rate=N`);
}

/** Reads one of these words, and nothing else. */
export function oneOf<T extends string>(...choices: T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((each) => each === text);
    if (choice !== undefined) return choice;
    throw new EngramTraceError('usage', `'${text}' is not one of: ${choices.join(', ')}`);
  };
}

/** One shard of several: `0/4` to `3/4`. Throws `usage`. */
export function parseShard(text: string): ShardPart {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (shard.index < shard.of) return shard;
  throw new EngramTraceError('usage', `'${text}' is not one shard of several`, {
    hint: 'write I/N, with I from 0 to N - 1: --shard 0/4 to --shard 3/4',
  });
}
