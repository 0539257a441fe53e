import { Command } from 'commander';
import { derivedHeader, type FilterReport } from '../transforms/filter-trace.ts';
import { recordsBetween } from '../transforms/time-range.ts';
import { TOOL } from '../version.ts';
import { parseCount } from './flag-parsers.ts';
import { withInput } from './open-input.ts';
import { openOutput } from './output.ts';
import { type TimeRangeFlags, timeRangeOf, withTimeRange } from './time-range-flags.ts';
import { reportWarnings } from './warnings.ts';
import { writeRecords } from './write-records.ts';

interface CatFlags extends TimeRangeFlags {
  header: boolean;
  limit?: number;
  skipDamaged?: boolean;
}

/** `engram-trace cat`: a trace as NDJSON on stdout. */
export function makeCatCommand(): Command {
  const command = new Command('cat')
    .description('print a trace as NDJSON: first a line with the header, then a record a line')
    .argument('[trace]', 'trace file, NDJSON, loadtest JSON, or - for stdin', '-')
    .option('--no-header', 'only records: no line with the header, none with losses')
    .option('--limit <count>', 'end after so many records', parseCount)
    .option('--skip-damaged', 'leave damaged blocks out and count them');
  return withTimeRange(command).action(runCat);
}

async function runCat(input: string, flags: CatFlags): Promise<void> {
  const range = await timeRangeOf(flags);
  await withInput(input, async (trace) => {
    const output = await openOutput('-', { format: 'ndjson', recordsOnly: !flags.header });
    const header = derivedHeader(trace.header, TOOL, trace.header.source);
    const records = recordsBetween(trace, range, flags.skipDamaged ? 'skip' : 'throw');
    const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
    const plan = { keep: () => true, limit: flags.limit };
    await writeRecords(output, { trace, header, records, plan, report });
    reportWarnings(trace, flags);
  });
}
