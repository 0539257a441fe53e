import { EngramTraceError } from '../../error.ts';
import { countText } from '../../inspect/number-text.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { openRecordExport, type RecordExport } from '../../sources/export/export-records.ts';
import { mergeTraces } from '../../sources/merge-traces.ts';
import type { Trace } from '../../trace/trace.ts';
import type { FilterReport } from '../../transforms/filter-trace.ts';
import { TOOL } from '../../version.ts';
import { traceNameOf } from '../flags/default-trace.ts';
import { type ExportFlags, windowRequest } from '../flags/export-flags.ts';
import { withInput } from '../input/open-input.ts';
import type { Output } from '../output/output.ts';
import { refuseSegment } from '../output/refuse-segment.ts';
import { reportWarnings } from '../output/warnings.ts';
import { withOutput } from '../output/with-output.ts';
import { writeRecords } from '../output/write-records.ts';
import { createProgress } from '../people/progress.ts';
import { reportExport } from '../text/export-report.ts';

/** Exports a window of whatever can be read, record by record; several sources become one trace. */
export async function exportRecords(flags: ExportFlags): Promise<void> {
  const { source: names } = flags;
  if (names.filter((name) => name === '-').length > 1) {
    throw new EngramTraceError('usage', 'stdin is named as a source twice', { where: '--source' });
  }
  await withTraces(names, [], (first, ...others) =>
    exportTrace(others.length === 0 ? first : mergeTraces([first, ...others]), flags),
  );
}

/** Runs `use` with the traces of those names, and closes them. */
function withTraces(
  [name, ...rest]: readonly string[],
  opened: readonly Trace[],
  use: (...traces: [Trace, ...Trace[]]) => Promise<void>,
): Promise<void> {
  if (name !== undefined) return withInput(name, (trace) => withTraces(rest, [...opened, trace], use));
  return use(...(opened as [Trace, ...Trace[]]));
}

async function exportTrace(trace: Trace, flags: ExportFlags): Promise<void> {
  const request = await windowRequest(flags);
  const exported = await openRecordExport(trace, { ...request, tool: TOOL, skipDamaged: flags.skipDamaged });
  try {
    await exportWindow(trace, exported, flags);
  } finally {
    await exported.close();
  }
  reportWarnings(trace, flags);
}

async function exportWindow(trace: Trace, exported: RecordExport, flags: ExportFlags): Promise<void> {
  if (flags.output === undefined && exported.emptyBecause !== undefined) {
    throw new EngramTraceError('empty', exported.emptyBecause, { where: trace.name });
  }
  const output = flags.output ?? traceNameOf(exported.window().startUnixNs);
  for (const source of flags.source) refuseSegment(source, output);
  const inputs = flags.source.map((path) => ({ flag: '--source', path }));
  refuseSameFile(inputs, [{ flag: '--output', path: output }]);
  await withOutput(output, { force: flags.force, quiet: flags.quiet }, (to) =>
    writeWindow(to, output, trace, exported, flags),
  );
}

async function writeWindow(
  output: Output,
  name: string,
  trace: Trace,
  exported: RecordExport,
  flags: ExportFlags,
): Promise<void> {
  const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
  const { header, emptyBecause } = exported;
  if (emptyBecause !== undefined) output.keepOld();
  const progress = await createProgress(flags);
  const records = progress.watch(exported.records, () => `export: ${countText(report.recordsKept)} records`);
  await writeRecords(output, { trace, header, records, rules: { keep: () => true }, report });
  const told = { window: exported.window(), header, emptyBecause, unknown: [] };
  const counts = { records: report.recordsKept, loss: trace.loss, bytesWritten: output.bytesWritten() };
  await reportExport(flags, trace.name, name, told, counts);
}
