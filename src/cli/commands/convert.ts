import { Command, Option } from 'commander';
import { countText } from '../../inspect/number-text.ts';
import { derivedHeader, type FilterReport } from '../../transforms/filter-trace.ts';
import { TOOL } from '../../version.ts';
import { linesText } from '../../visible-text.ts';
import { withInput } from '../input/open-input.ts';
import { FORMAT_HELP, OUTPUT_FORMATS, type OutputFormat } from '../output/output.ts';
import { reportWarnings } from '../output/warnings.ts';
import { withOutput } from '../output/with-output.ts';
import { writeRecords, writtenText } from '../output/write-records.ts';
import { tell } from '../people/people.ts';
import { createProgress } from '../people/progress.ts';

interface ConvertFlags {
  format?: OutputFormat;
  force?: boolean;
  skipDamaged?: boolean;
  quiet?: boolean;
}

/** `engram-trace convert IN OUT`: between the forms of a trace. */
export function makeConvertCommand(): Command {
  return new Command('convert')
    .argument('<input>', 'trace file, NDJSON, loadtest JSON, or - for stdin')
    .argument(
      '<output>',
      'FILE.trace.zst, .ndjson or .json (both NDJSON), .ndjson.zst, or - for stdout (a trace file there, but for --format); folders are made',
    )
    .addOption(new Option('--format <form>', FORMAT_HELP).choices(OUTPUT_FORMATS))
    .option('--force', 'replace an output that exists')
    .option('--skip-damaged', 'leave damaged blocks out and count them')
    .action(runConvert);
}

function runConvert(input: string, outputName: string, flags: ConvertFlags): Promise<void> {
  return withInput(input, async (trace) => {
    const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
    await withOutput(outputName, flags, async (output) => {
      const progress = await createProgress(flags);
      const header = derivedHeader(trace.header, TOOL, trace.header.source);
      const all = trace.records({ onDamage: flags.skipDamaged ? 'skip' : 'throw' });
      const records = progress.watch(all, () => `convert: ${countText(report.recordsKept)} records so far`);
      await writeRecords(output, { trace, header, records, rules: { keep: () => true }, report });
    });
    reportWarnings(trace, flags);
    if (!flags.quiet) tell(linesText([`convert: ${writtenText(outputName, report)}`]));
  });
}
