import { Command, Option } from 'commander';
import { countText } from '../../inspect/number-text.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import type { FilterReport } from '../../transforms/filter-trace.ts';
import { linesText } from '../../visible-text.ts';
import { type ScenarioFlags, withScenarioFlags } from '../flags/scenario-flags.ts';
import { FORMAT_HELP, OUTPUT_FORMATS, type OutputFormat } from '../output/output.ts';
import { withOutput } from '../output/with-output.ts';
import { writeRecords, writtenText } from '../output/write-records.ts';
import { tell } from '../people/people.ts';
import { createProgress } from '../people/progress.ts';

interface GenerateFlags extends ScenarioFlags {
  output: string;
  format?: OutputFormat;
  force?: boolean;
  quiet?: boolean;
}

/** `engram-trace generate`: the trace that `run` plays, as a file. */
export function makeGenerateCommand(): Command {
  return withScenarioFlags(new Command('generate'))
    .option(
      '-o, --output <file>',
      'FILE.trace.zst, .ndjson or .json (both NDJSON), .ndjson.zst, or - for stdout',
      '-',
    )
    .addOption(new Option('--format <form>', FORMAT_HELP).choices(OUTPUT_FORMATS))
    .option('--force', 'replace an output that exists')
    .action(runGenerate);
}

async function runGenerate(argument: string | undefined, flags: GenerateFlags): Promise<void> {
  const { openScenario } = await import('../input/open-scenario.ts');
  const { found, trace } = openScenario(argument, flags);
  refuseSameFile([{ flag: '--scenario', path: found.file }], [{ flag: '--output', path: flags.output }]);
  const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
  await withOutput(flags.output, flags, async (output) => {
    const progress = await createProgress(flags);
    const sofar = () => `generate: ${countText(report.recordsKept)} records so far`;
    const records = progress.watch(trace.records(), sofar);
    await writeRecords(output, { trace, header: trace.header, records, rules: { keep: () => true }, report });
  });
  if (!flags.quiet) tell(linesText([`generate: ${writtenText(flags.output, report)}`]));
}
