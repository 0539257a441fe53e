import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { EngramTraceError } from '../error.ts';
import { countText, durationText, sizeText } from '../inspect/number-text.ts';
import { lossSummary } from '../inspect/trace-summary.ts';
import { isoTime } from '../iso-time.ts';
import { DEFAULT_OPLOG } from '../op-log-folder.ts';
import { type ExportPlan, type ExportReport, planExport, writeExport } from '../sources/export-op-log.ts';
import { coverageOf, type WindowRequest } from '../sources/export-window.ts';
import { type OpLog, openOpLog } from '../sources/op-log.ts';
import type { ByteSink } from '../trace/trace.ts';
import { TOOL } from '../version.ts';
import { linesText } from '../visible-text.ts';
import { wallClockUnixNs } from '../wall-clock.ts';
import { DEFAULT_TRACES, traceNameOf } from './defaults.ts';
import { EXIT } from './exit-code.ts';
import type { Output } from './output.ts';
import { parseDuration } from './parse-duration.ts';
import { tell } from './people/people.ts';
import { createProgress, type Progress } from './progress.ts';
import { refuseSegment } from './refuse-segment.ts';
import { printJson } from './stdout.ts';
import { naming, tellReading } from './time-range-flags.ts';
import { printWarning } from './warnings.ts';
import { withOutput } from './with-output.ts';
import { withTraceBytes } from './with-trace-bytes.ts';

interface ExportFlags {
  source: string;
  output?: string;
  start?: string;
  end?: string;
  duration?: number;
  skipDamaged?: boolean;
  force?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** `engram-trace export`: a window of an op log as one sorted trace. */
export function makeExportCommand(): Command {
  return new Command('export')
    .option('--source <folder>', 'op log folder of capture, or one trace file', DEFAULT_OPLOG)
    .option(
      '-o, --output <file>',
      `where the trace goes: FILE.trace.zst, .ndjson or .json (both NDJSON), .ndjson.zst; - is stdout; folders are made (default: ${DEFAULT_TRACES}/START.trace.zst)`,
    )
    .option(
      '--start <time>',
      'start of the window: ISO 8601 (UTC without a zone), Unix time (s or ms), or relative such as -2h (default: the first record)',
    )
    .addOption(
      new Option(
        '--end <time>',
        'end of the window, excluded: as --start (default: the last record)',
      ).conflicts('duration'),
    )
    .option('--duration <time>', 'length of the window instead of its end: 3600 (s), 1h30m', parseDuration)
    .option('--skip-damaged', 'go on without segments and blocks that cannot be read, and count them')
    .option('--force', 'replace an output that exists')
    .option('--json', 'the report as JSON on stdout')
    .action(runExport);
}

async function runExport(flags: ExportFlags): Promise<void> {
  if (flags.output === '-' && flags.json) {
    throw new EngramTraceError('usage', 'stdout cannot take both the trace and --json');
  }
  const request = await windowRequest(flags);
  const progress = await createProgress(flags);
  const held: { log?: OpLog } = {};
  const opened = async (): Promise<OpLog> => {
    held.log ??= await openLog(flags, request, progress);
    return held.log;
  };
  try {
    const name = flags.output ?? traceNameOf(await startOf(request, opened));
    refuseSegment(flags.source, name);
    await withOutput(name, { force: flags.force, quiet: flags.quiet }, async (output) => {
      await exportTo(output, name, await opened(), request, flags, progress);
    });
  } finally {
    progress.stop();
    await held.log?.close();
  }
}

async function exportTo(
  output: Output,
  name: string,
  log: OpLog,
  request: WindowRequest,
  flags: ExportFlags,
  progress: Progress,
): Promise<void> {
  const plan = await planExport(log, { ...request, tool: TOOL, skipDamaged: flags.skipDamaged });
  if (flags.output === undefined) refuseEmpty(flags.source, log, plan);
  const write = (sink: ByteSink) =>
    writeExport(plan, sink, (so) =>
      progress.update(
        () => `export: ${so.blocksCopied + so.blocksRewritten} of ${plan.blocks.length} blocks`,
      ),
    );
  const done = await withTraceBytes(output, write);
  progress.stop();
  const bytesWritten = output.bytesWritten() ?? done.bytesWritten;
  await report(flags, name, log, plan, { ...done, bytesWritten });
}

/** The start of the window, for its name; the log tells where nobody asks for one. */
async function startOf({ startUnixNs }: WindowRequest, opened: () => Promise<OpLog>): Promise<bigint> {
  return startUnixNs ?? coverageOf(await opened())?.startUnixNs ?? 0n;
}

async function windowRequest({
  start,
  end,
  duration: durationNs,
  quiet,
}: ExportFlags): Promise<WindowRequest> {
  if (start === undefined && end === undefined) return { durationNs };
  const { parseTime } = await import('./parse-time.ts');
  const nowUnixNs = wallClockUnixNs();
  const timeOf = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : naming(flag, () => parseTime(text, nowUnixNs));
  const request = { startUnixNs: timeOf('--start', start), endUnixNs: timeOf('--end', end), durationNs };
  if (!quiet && start !== undefined) await tellReading('--start', start);
  if (!quiet && end !== undefined) await tellReading('--end', end);
  return request;
}

async function openLog(flags: ExportFlags, request: WindowRequest, progress: Progress): Promise<OpLog> {
  const { startUnixNs: from, endUnixNs, durationNs } = request;
  const to = from !== undefined && durationNs !== undefined ? from + BigInt(durationNs) : endUnixNs;
  const onFile = (name: string, number: number, count: number) =>
    progress.update(() => `export: reading segment ${number + 1} of ${count}, ${name}`);
  if (flags.source === DEFAULT_OPLOG && !existsSync(DEFAULT_OPLOG)) {
    throw new EngramTraceError('io', 'there is no such folder', {
      where: DEFAULT_OPLOG,
      hint: 'engram-trace capture writes there; name another op log with --source',
    });
  }
  return openOpLog(flags.source, { skipDamaged: flags.skipDamaged, from, to, onFile });
}

/** Throws where a trace nobody named would hold nothing: `replay` without a trace would take it, as the newest. */
function refuseEmpty(source: string, log: OpLog, { emptyBecause }: ExportPlan): void {
  if (emptyBecause === undefined) return;
  warnLeftOut(log);
  throw new EngramTraceError('empty', emptyBecause, { where: source });
}

function warnLeftOut({ skipped, copies }: OpLog): void {
  for (const { name, reason } of skipped) printWarning(`segment ${name} was left out: ${reason}`);
  for (const { name, of } of copies) printWarning(`segment ${name} was left out: it is a copy of ${of}`);
}

async function report(
  flags: ExportFlags,
  output: string,
  log: OpLog,
  plan: ExportPlan,
  done: ExportReport,
): Promise<void> {
  warnLeftOut(log);
  if (flags.json) await printJson({ output, ...reportJson(plan, done) });
  else if (!flags.quiet) tell(reportText(output, plan, done));
  if (plan.emptyBecause === undefined) return;
  tell(linesText([`engram-trace: ${flags.source}: ${plan.emptyBecause}`]));
  process.exitCode = EXIT.failed;
}

function reportText(
  output: string,
  { window, header, unknown, windowNote }: ExportPlan,
  report: ExportReport,
): string {
  const lossText = Object.entries(lossSummary(report.loss))
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${countText(count)} ${name.replaceAll('_', ' ')}`);
  const seconds = Number(window.endUnixNs - window.startUnixNs) / 1e9;
  const lines = [
    `${output}: ${countText(report.records)} records, ${sizeText(report.bytesWritten)}`,
    `window ${isoTime(window.startUnixNs)} to ${isoTime(window.endUnixNs)} (${durationText(seconds)})`,
    ...(windowNote === undefined ? [] : [windowNote]),
    `${countText(report.blocksCopied)} blocks copied, ${countText(report.blocksRewritten)} rewritten`,
    `losses: ${lossText.join(', ') || 'none known'}`,
    ...unknown.map((sentence) => `unknown: ${sentence}`),
    ...header.gaps.map((gap) => {
      const at = (ns: number) => isoTime(header.epochUnixNs + BigInt(ns));
      return `gap: ${at(gap.startNs)} to ${at(gap.endNs)} (${durationText((gap.endNs - gap.startNs) / 1e9)}): ${gap.reason}`;
    }),
  ];
  return linesText(lines.map((line, i) => (i === 0 ? `export: ${line}` : `        ${line}`)));
}

function reportJson({ window, header, emptyBecause }: ExportPlan, report: ExportReport): object {
  const at = (ns: number) => isoTime(header.epochUnixNs + BigInt(ns), 9);
  return {
    window: { start: isoTime(window.startUnixNs, 9), end: isoTime(window.endUnixNs, 9) },
    records: report.records,
    blocks_copied: report.blocksCopied,
    blocks_rewritten: report.blocksRewritten,
    bytes_written: report.bytesWritten,
    loss: lossSummary(report.loss),
    gaps: header.gaps.map((gap) => ({ start: at(gap.startNs), end: at(gap.endNs), reason: gap.reason })),
    empty_because: emptyBecause ?? null,
    notes: header.notes,
  };
}
