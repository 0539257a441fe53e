import { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { countText, sizeText } from '../../inspect/number-text.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { type RepairReport, repairTrace } from '../../trace/write/repair.ts';
import { linesText } from '../../visible-text.ts';
import { printJson } from '../output/stdout.ts';
import { withOutput } from '../output/with-output.ts';
import { withTraceBytes } from '../output/with-trace-bytes.ts';
import { tell } from '../people/people.ts';

interface RepairFlags {
  output: string;
  force?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** `engram-trace repair`: what is whole of a damaged trace file, with a new index. */
export function makeRepairCommand(): Command {
  return new Command('repair')
    .argument('<trace>', 'damaged or cut-off trace file; it is not changed')
    .requiredOption('-o, --output <file>', 'where the repaired trace goes; - is stdout')
    .option('--force', 'replace an output that exists')
    .option('--json', 'the report as JSON on stdout')
    .action(runRepair);
}

async function runRepair(input: string, flags: RepairFlags): Promise<void> {
  if (flags.json && flags.output === '-') {
    throw new EngramTraceError('usage', 'stdout cannot take both the trace and --json');
  }
  refuseSameFile([{ flag: 'the trace', path: input }], [{ flag: '--output', path: flags.output }]);
  const report = await withOutput(flags.output, flags, (output) =>
    withTraceBytes(output, (sink) => repairTrace(input, sink)),
  ).catch(async (thrown: unknown) => {
    const { notATraceFile } = await import('../../sources/open/not-a-trace-file.ts');
    throw await notATraceFile(thrown, input);
  });
  if (flags.json) await printJson(reportJson(report));
  else if (!flags.quiet) tell(reportText(flags.output, report));
}

function reportText(output: string, report: RepairReport): string {
  const lost: (string | false)[] = [
    report.headerLost && 'the header was lost: its epoch was taken from the first block',
    report.blocksDamaged > 0 && damageText(report),
    report.bytesCutOff > 0 &&
      `${sizeText(report.bytesCutOff)} at the end belong to a block that is not whole`,
    report.bytesIgnored > 0 && `${sizeText(report.bytesIgnored)} behind the end are no part of the trace`,
    !report.hadIndex && 'the index was missing or damaged and has been made anew',
    report.wasWhole && 'there was nothing to repair',
  ];
  const recovered = `${countText(report.records)} records in ${countText(report.blocks)} blocks`;
  const lines = [`${output}: ${recovered}`, ...lost.filter((line) => line !== false)];
  return linesText(lines.map((line, i) => (i === 0 ? `repair: ${line}` : `        ${line}`)));
}

function damageText({ blocksDamaged, bytesDamaged, recordsDamaged }: RepairReport): string {
  const records = recordsDamaged > 0 ? `, with ${countText(recordsDamaged)} records` : '';
  return `${countText(blocksDamaged)} blocks (${sizeText(bytesDamaged)}) are damaged and left out${records}`;
}

function reportJson(report: RepairReport): object {
  return {
    blocks: report.blocks,
    records: report.records,
    blocks_damaged: report.blocksDamaged,
    bytes_damaged: report.bytesDamaged,
    records_damaged: report.recordsDamaged,
    bytes_cut_off: report.bytesCutOff,
    bytes_ignored: report.bytesIgnored,
    header_lost: report.headerLost,
    had_index: report.hadIndex,
    was_whole: report.wasWhole,
  };
}
