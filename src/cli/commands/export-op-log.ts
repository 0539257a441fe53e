import { existsSync } from 'node:fs';
import { EngramTraceError } from '../../error.ts';
import { DEFAULT_OPLOG } from '../../op-log-folder.ts';
import { type ExportPlan, planExport, writeExport } from '../../sources/export/export-op-log.ts';
import { coverageOf, type WindowRequest } from '../../sources/export/export-window.ts';
import { type OpLog, openOpLog } from '../../sources/op-log/op-log.ts';
import type { ByteSink } from '../../trace/trace.ts';
import { TOOL } from '../../version.ts';
import { traceNameOf } from '../flags/default-trace.ts';
import { type ExportFlags, windowRequest } from '../flags/export-flags.ts';
import type { Output } from '../output/output.ts';
import { refuseSegment } from '../output/refuse-segment.ts';
import { printWarning, reportWarnings } from '../output/warnings.ts';
import { withOutput } from '../output/with-output.ts';
import { withTraceBytes } from '../output/with-trace-bytes.ts';
import { createProgress, type Progress } from '../people/progress.ts';
import { reportExport } from '../text/export-report.ts';

/** Exports a window of an op log, or of one trace file, by copying its blocks. */
export async function exportOpLog(source: string, flags: ExportFlags): Promise<void> {
  const request = await windowRequest(flags);
  const progress = await createProgress(flags);
  const held: { log?: OpLog } = {};
  const opened = async (): Promise<OpLog> => {
    held.log ??= await openLog(source, flags, request, progress);
    return held.log;
  };
  try {
    const name = flags.output ?? traceNameOf(await startOf(request, opened));
    refuseSegment(source, name);
    await withOutput(name, { force: flags.force, quiet: flags.quiet }, async (output) => {
      await exportTo(output, name, source, await opened(), request, flags, progress);
    });
  } finally {
    progress.stop();
    await held.log?.close();
  }
}

async function exportTo(
  output: Output,
  name: string,
  source: string,
  log: OpLog,
  request: WindowRequest,
  flags: ExportFlags,
  progress: Progress,
): Promise<void> {
  const plan = await planExport(log, { ...request, tool: TOOL, skipDamaged: flags.skipDamaged });
  if (flags.output === undefined) refuseEmpty(source, log, plan);
  if (plan.emptyBecause !== undefined) output.keepOld();
  const write = (sink: ByteSink) =>
    writeExport(plan, sink, (so) =>
      progress.update(
        () => `export: ${so.blocksCopied + so.blocksRewritten} of ${plan.blocks.length} blocks`,
      ),
    );
  const done = await withTraceBytes(output, write);
  progress.stop();
  warnLeftOut(log);
  const blocks = { copied: done.blocksCopied, rewritten: done.blocksRewritten };
  const bytesWritten = output.bytesWritten() ?? done.bytesWritten;
  await reportExport(flags, source, name, plan, { ...done, blocks, bytesWritten });
  reportWarnings(log, flags);
}

/** The start of the window, for its name; the log tells where nobody asks for one. */
async function startOf({ startUnixNs }: WindowRequest, opened: () => Promise<OpLog>): Promise<bigint> {
  return startUnixNs ?? coverageOf(await opened())?.startUnixNs ?? 0n;
}

async function openLog(
  source: string,
  flags: ExportFlags,
  request: WindowRequest,
  progress: Progress,
): Promise<OpLog> {
  const { startUnixNs: from, endUnixNs, durationNs } = request;
  const to = from !== undefined && durationNs !== undefined ? from + BigInt(durationNs) : endUnixNs;
  const onFile = (name: string, number: number, count: number) =>
    progress.update(() => `export: reading segment ${number + 1} of ${count}, ${name}`);
  if (source === DEFAULT_OPLOG && !existsSync(DEFAULT_OPLOG)) {
    throw new EngramTraceError('io', 'there is no such folder', {
      where: DEFAULT_OPLOG,
      hint: 'engram-trace capture writes there; name another op log with --source',
    });
  }
  return openOpLog(source, { skipDamaged: flags.skipDamaged, from, to, onFile });
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
