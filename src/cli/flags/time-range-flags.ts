import type { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import type { TimePoint, TimeRange } from '../../transforms/time-range.ts';
import { linesText } from '../../visible-text.ts';
import { wallClockUnixNs } from '../../wall-clock.ts';
import { tell } from '../people/people.ts';

export interface TimeRangeFlags {
  from?: string;
  to?: string;
  quiet?: boolean;
}

/** Adds the flags `--from` and `--to`. */
export function withTimeRange(command: Command): Command {
  return command
    .option(
      '--from <time>',
      'first start, included: ISO 8601 (UTC without a zone), Unix time (s or ms), or a duration from the start of the trace: 90 (s), 1m30s (default: the start)',
    )
    .option('--to <time>', 'last start, excluded: as --from (default: the end)');
}

/** Reads both; the parser of times is loaded only where there is one. */
export async function timeRangeOf(flags: TimeRangeFlags): Promise<TimeRange> {
  const quiet = flags.quiet ?? false;
  return { from: await pointOf('--from', flags.from, quiet), to: await pointOf('--to', flags.to, quiet) };
}

async function pointOf(
  flag: string,
  text: string | undefined,
  quiet: boolean,
): Promise<TimePoint | undefined> {
  if (text === undefined) return undefined;
  const { parseTimePoint } = await import('./parse-time.ts');
  const point = naming(flag, () => parseTimePoint(text, wallClockUnixNs()));
  if (!quiet && 'unixNs' in point) await tellReading(flag, text);
  return point;
}

/** Says how a time was understood, where it could mean something else. */
export async function tellReading(flag: string, text: string): Promise<void> {
  const { readingOf } = await import('./parse-time.ts');
  const reading = readingOf(text);
  if (reading !== undefined) tell(linesText([`engram-trace: ${flag}: ${reading}`]));
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
