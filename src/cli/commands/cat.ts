import type { Readable } from 'node:stream';
import { Command } from 'commander';
import type { Trace } from '../../trace/trace.ts';
import { derivedHeader, type FilterReport } from '../../transforms/filter-trace.ts';
import { recordsBetween } from '../../transforms/time-range.ts';
import { TOOL } from '../../version.ts';
import type { CatFlags } from '../flags/cat-flags.ts';
import { parseCount } from '../flags/flag-parsers.ts';
import { timeRangeOf, withTimeRange } from '../flags/time-range-flags.ts';
import { withInput } from '../input/open-input.ts';
import { peekInput } from '../input/peek-input.ts';
import { openOutput } from '../output/output.ts';
import { reportWarnings } from '../output/warnings.ts';
import { writeRecords } from '../output/write-records.ts';

/** `engram-trace cat`: a trace as NDJSON on stdout. */
export function makeCatCommand(): Command {
  const command = new Command('cat')
    .description(
      'print a trace, or a replay log, as NDJSON: first a line with the header, then a record or an operation a line',
    )
    .argument('[trace]', 'trace file, NDJSON, loadtest JSON, replay log, or - for stdin', '-')
    .option('--no-header', 'only records: no line with the header, none with losses or the end')
    .option('--limit <count>', 'end after so many records', parseCount)
    .option('--skip-damaged', 'leave damaged blocks out and count them');
  return withTimeRange(command).action(runCat);
}

async function runCat(input: string, flags: CatFlags): Promise<void> {
  const peeked = await peekInput(input);
  if (peeked.kind === 'replay-log') {
    const { catReplayLog } = await import('./cat-replay-log.ts');
    await catReplayLog(peeked.chunks, input, flags).finally(() => input === '-' && process.stdin.destroy());
  } else await catTrace(input, flags, peeked.stream);
}

async function catTrace(input: string, flags: CatFlags, stream: Readable | undefined): Promise<void> {
  const range = await timeRangeOf(flags);
  const print = async (trace: Trace): Promise<void> => {
    const output = await openOutput('-', { format: 'ndjson', recordsOnly: !flags.header });
    const header = derivedHeader(trace.header, TOOL, trace.header.source);
    const records = recordsBetween(trace, range, flags.skipDamaged ? 'skip' : 'throw');
    const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
    const rules = { keep: () => true, limit: flags.limit };
    await writeRecords(output, { trace, header, records, rules, report });
    reportWarnings(trace, flags);
  };
  await withInput(input, print, { stream });
}
