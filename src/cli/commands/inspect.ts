import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { summarizeTrace, type TraceSummary } from '../../inspect/trace-summary.ts';
import type { Trace } from '../../trace/trace.ts';
import { TOOL } from '../../version.ts';
import { parseCount } from '../flags/flag-parsers.ts';
import { isFolder } from '../input/is-folder.ts';
import { withInput } from '../input/open-input.ts';
import { printJson, printText } from '../output/stdout.ts';

interface InspectFlags {
  json?: boolean;
  record?: number;
  timeline?: boolean;
  skipDamaged?: boolean;
  quiet?: boolean;
}

/** `engram-trace inspect`: what is in a trace, or how near two are to each other. */
export function makeInspectCommand(): Command {
  return new Command('inspect')
    .argument('[trace]', 'op log folder, trace file, NDJSON, loadtest JSON, or - for stdin', '-')
    .argument('[other]', 'a second trace: how near the two are to each other')
    .option('--json', 'everything as one JSON document')
    .option('--timeline', 'arrivals over time as bars, and the busiest windows')
    .option(
      '--record <number>',
      'print this record as JSON, counted from 0 in the order of starts',
      parseCount,
    )
    .option(
      '--skip-damaged',
      'leave damaged blocks out and count them, where blocks are read: of a file with an index only the index is',
    )
    .action(runInspect);
}

async function runInspect(input: string, other: string | undefined, flags: InspectFlags): Promise<void> {
  if (other !== undefined) return (await import('./inspect-two.ts')).inspectTwo(input, other, flags);
  const { record } = flags;
  if (await isFolder(input)) return inspectOpLog(input, flags);
  if (record !== undefined) return withInput(input, (trace) => printRecord(trace, record, flags));
  return withInput(input, (trace) => printSummary(trace, flags), { totalsOnly: true });
}

/** What can't be read of it is told, and the rest is shown: to look is to find out. */
async function inspectOpLog(path: string, flags: InspectFlags): Promise<void> {
  if (flags.record !== undefined) {
    throw new EngramTraceError('usage', '--record is for a trace, and this is an op log', {
      where: path,
      hint: 'cut a trace out of it first: engram-trace export --source',
    });
  }
  const { openOpLog } = await import('../../sources/op-log/op-log.ts');
  const { totalsOfOpLog } = await import('../../sources/export/op-log-totals.ts');
  const { createProgress } = await import('../people/progress.ts');
  const progress = await createProgress(flags);
  const log = await openOpLog(path, {
    skipDamaged: true,
    onFile: (name, number, count) =>
      progress.update(() => `inspect: reading segment ${number + 1} of ${count}, ${name}`),
  });
  try {
    const found = await totalsOfOpLog(log, TOOL);
    progress.stop();
    const input = { ...found, name: path, format: 'op log', countedFrom: 'index' as const, warnings: [] };
    await printFound(summarizeTrace(input), flags);
  } finally {
    progress.stop();
    await log.close();
  }
}

async function printSummary(trace: Trace, flags: InspectFlags): Promise<void> {
  await printFound(await summarize(trace, flags), flags);
}

async function printFound(summary: TraceSummary, flags: InspectFlags): Promise<void> {
  if (flags.json) await printJson(summary, 2);
  else await printText(await textOf(summary, flags));
}

async function textOf(summary: TraceSummary, flags: InspectFlags): Promise<string> {
  if (flags.timeline) return (await import('../../inspect/timeline-text.ts')).timelineText(summary);
  return (await import('../../inspect/summary-text.ts')).traceSummaryText(summary, {
    skipDamaged: flags.skipDamaged,
  });
}

async function summarize(trace: Trace, flags: InspectFlags): Promise<TraceSummary> {
  const { index, header } = trace;
  const totals = index?.totals ?? (await countAll(trace, flags));
  const sizeBytes = trace.name === '-' ? undefined : (await stat(trace.name)).size;
  return summarizeTrace({
    name: trace.name,
    format: trace.format,
    header,
    totals,
    loss: trace.loss,
    countedFrom: index === undefined ? 'records' : 'index',
    sizeBytes,
    blocks: index?.blockCount ?? index?.blocks.length,
    warnings: trace.warnings,
  });
}

async function countAll(trace: Trace, flags: InspectFlags) {
  const { createProgress } = await import('../people/progress.ts');
  const { translateRecords } = await import('../../transforms/translate-records.ts');
  const progress = await createProgress(flags);
  let records = 0;
  const batches = progress.watch(trace.records({ onDamage: flags.skipDamaged ? 'skip' : 'throw' }), () => {
    return `inspect: no index, counting: ${records} records`;
  });
  async function* counted() {
    for await (const batch of translateRecords(trace.header.dialect, batches)) {
      records += batch.length;
      yield batch;
    }
  }
  const { countRecords } = await import('../../inspect/count-records.ts');
  const totals = await countRecords(counted(), trace.header.epochUnixNs);
  progress.stop();
  return totals;
}

async function printRecord(trace: Trace, number: number, flags: InspectFlags): Promise<void> {
  const { recordReport } = await import('../../inspect/record-report.ts');
  const report = await recordReport(trace, number, flags.skipDamaged ? 'skip' : 'throw');
  await printJson(report, 2);
}
