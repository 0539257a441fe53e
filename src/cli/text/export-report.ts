import { countText, durationText, sizeText } from '../../inspect/number-text.ts';
import { lossSummary } from '../../inspect/trace-summary.ts';
import { isoTime } from '../../iso-time.ts';
import type { UnixSpan } from '../../sources/unix-span.ts';
import type { Loss, TraceHeader } from '../../trace/record/record.ts';
import { linesText } from '../../visible-text.ts';
import { EXIT } from '../exit/exit-code.ts';
import type { ExportFlags } from '../flags/export-flags.ts';
import { printJson } from '../output/stdout.ts';
import { tell } from '../people/people.ts';

/** A window that was exported. */
export interface ExportedWindow {
  readonly window: UnixSpan;
  readonly header: TraceHeader;
  readonly emptyBecause: string | undefined;
  /** Sentences on what is missing and in no count. */
  readonly unknown: readonly string[];
  readonly windowNote?: string | undefined;
}

export interface ExportCounts {
  readonly records: number;
  readonly loss: Loss;
  /** Undefined where records were written one by one. */
  readonly blocks?: { readonly copied: number; readonly rewritten: number } | undefined;
  /** Undefined for stdout. */
  readonly bytesWritten: number | undefined;
}

/** Says what was exported; an export of nothing ends with 1. */
export async function reportExport(
  { json, quiet }: ExportFlags,
  source: string,
  output: string,
  exported: ExportedWindow,
  counts: ExportCounts,
): Promise<void> {
  if (json) await printJson({ output, ...reportJson(exported, counts) });
  else if (!quiet) tell(reportText(output, exported, counts));
  if (exported.emptyBecause === undefined) return;
  tell(linesText([`engram-trace: ${source}: ${exported.emptyBecause}`]));
  process.exitCode = EXIT.failed;
}

function reportText(
  output: string,
  { window, header, unknown, windowNote }: ExportedWindow,
  report: ExportCounts,
): string {
  const lossText = Object.entries(lossSummary(report.loss))
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${countText(count)} ${name.replaceAll('_', ' ')}`);
  const { blocks, bytesWritten } = report;
  const size = bytesWritten === undefined ? '' : `, ${sizeText(bytesWritten)}`;
  const seconds = Number(window.endUnixNs - window.startUnixNs) / 1e9;
  const lines = [
    `${output}: ${countText(report.records)} records${size}`,
    `window ${isoTime(window.startUnixNs)} to ${isoTime(window.endUnixNs)} (${durationText(seconds)})`,
    ...(windowNote === undefined ? [] : [windowNote]),
    ...(blocks === undefined
      ? []
      : [`${countText(blocks.copied)} blocks copied, ${countText(blocks.rewritten)} rewritten`]),
    `losses: ${lossText.join(', ') || 'none known'}`,
    ...unknown.map((sentence) => `unknown: ${sentence}`),
    ...header.gaps.map((gap) => {
      const at = (ns: number) => isoTime(header.epochUnixNs + BigInt(ns));
      return `gap: ${at(gap.startNs)} to ${at(gap.endNs)} (${durationText((gap.endNs - gap.startNs) / 1e9)}): ${gap.reason}`;
    }),
  ];
  return linesText(lines.map((line, i) => (i === 0 ? `export: ${line}` : `        ${line}`)));
}

function reportJson({ window, header, emptyBecause }: ExportedWindow, report: ExportCounts): object {
  const at = (ns: number) => isoTime(header.epochUnixNs + BigInt(ns), 9);
  return {
    window: { start: isoTime(window.startUnixNs, 9), end: isoTime(window.endUnixNs, 9) },
    records: report.records,
    blocks_copied: report.blocks?.copied ?? null,
    blocks_rewritten: report.blocks?.rewritten ?? null,
    bytes_written: report.bytesWritten ?? null,
    loss: lossSummary(report.loss),
    gaps: header.gaps.map((gap) => ({ start: at(gap.startNs), end: at(gap.endNs), reason: gap.reason })),
    empty_because: emptyBecause ?? null,
    notes: header.notes,
  };
}
