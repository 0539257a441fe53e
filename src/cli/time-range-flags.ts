import type { Command } from 'commander';
import { EngramTraceError } from '../trace/error.ts';
import type { TimePoint, TimeRange } from '../transforms/time-range.ts';
import { wallClockUnixNs } from './wall-clock.ts';

export interface TimeRangeFlags {
  from?: string;
  to?: string;
}

/** Adds `--from` and `--to`. */
export function withTimeRange(command: Command): Command {
  return command
    .option('--from <time>', 'first start, included: ISO 8601, or a duration from the start of the trace')
    .option('--to <time>', 'last start, excluded: as --from');
}

/** Reads both; the parser of times is loaded only where there is one. */
export async function timeRangeOf(flags: TimeRangeFlags): Promise<TimeRange> {
  return { from: await pointOf('--from', flags.from), to: await pointOf('--to', flags.to) };
}

async function pointOf(flag: string, text: string | undefined): Promise<TimePoint | undefined> {
  if (text === undefined) return undefined;
  const { parseTimePoint } = await import('./parse-time.ts');
  return naming(flag, () => parseTimePoint(text, wallClockUnixNs()));
}

/** Runs a parser; its errors tell which flag it was. */
export function naming<T>(flag: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    const error = EngramTraceError.from(thrown);
    throw new EngramTraceError(error.code, error.message, { where: flag, hint: error.hint, cause: thrown });
  }
}
