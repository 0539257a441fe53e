import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { summaryText } from '../inspect/summary-text.ts';
import { timelineText } from '../inspect/timeline-text.ts';
import { summarizeTrace, type TraceSummary } from '../inspect/trace-summary.ts';
import type { Trace } from '../trace/trace.ts';
import { parseCount } from './flag-parsers.ts';
import { withInput } from './open-input.ts';
import { createProgress } from './progress.ts';

interface InspectFlags {
  json?: boolean;
  record?: number;
  timeline?: boolean;
  skipDamaged?: boolean;
  quiet?: boolean;
}

/** `engram-trace inspect`: what is in a trace. */
export function makeInspectCommand(): Command {
  return new Command('inspect')
    .argument('[trace]', 'trace file, NDJSON, or - for stdin', '-')
    .option('--json', 'everything as one JSON document')
    .option('--timeline', 'arrivals over time as bars')
    .option(
      '--record <number>',
      'print this record as JSON, counted from 0 in the order of starts',
      parseCount,
    )
    .option('--skip-damaged', 'leave damaged blocks out and count them')
    .action(runInspect);
}

function runInspect(input: string, flags: InspectFlags): Promise<void> {
  return withInput(input, (trace) =>
    flags.record === undefined ? printSummary(trace, flags) : printRecord(trace, flags.record, flags),
  );
}

async function printSummary(trace: Trace, flags: InspectFlags): Promise<void> {
  const summary = await summarize(trace, flags);
  if (flags.json) process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
  else process.stdout.write(flags.timeline ? timelineText(summary) : summaryText(summary));
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
    blocks: index?.blocks.length,
    warnings: trace.warnings,
  });
}

async function countAll(trace: Trace, flags: InspectFlags) {
  const progress = await createProgress(flags);
  let records = 0;
  const batches = progress.watch(trace.records({ onDamage: flags.skipDamaged ? 'skip' : 'throw' }), () => {
    return `inspect: no index, counting: ${records} records`;
  });
  async function* counted() {
    for await (const batch of batches) {
      records += batch.length;
      yield batch;
    }
  }
  const { countRecords } = await import('../inspect/count-records.ts');
  const totals = await countRecords(counted(), trace.header.epochUnixNs);
  progress.stop();
  return totals;
}

async function printRecord(trace: Trace, number: number, flags: InspectFlags): Promise<void> {
  const { recordReport } = await import('../inspect/record-report.ts');
  const report = await recordReport(trace, number, flags.skipDamaged ? 'skip' : 'throw');
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
}
