import { countText } from '../../inspect/number-text.ts';
import type { TraceHeader, TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { type FilterReport, type FilterRules, filterTrace } from '../../transforms/filter-trace.ts';
import { isStdout } from './is-stdout.ts';
import { lazyWriter } from './lazy-writer.ts';
import type { Output } from './output.ts';
import { printWarning } from './warnings.ts';

export interface RecordsToWrite {
  trace: Trace;
  header: TraceHeader;
  records: AsyncIterable<TraceRecord[]>;
  rules: FilterRules;
  /** Counts on while it runs. */
  report: FilterReport;
  /** The error where no record is kept; without it that is a trace like any other. */
  refuseNothing?: (() => Error) | undefined;
}

/**
 * Writes records to an output and finishes it. Where reading fails, what came before the damage still goes to stdout:
 * a file would be removed, but those behind a pipe can use it.
 */
export async function writeRecords(output: Output, what: RecordsToWrite): Promise<void> {
  const writer = lazyWriter(() => output.writer(what.header));
  try {
    await filterTrace(what.trace, what.records, what.rules, writer, what.report);
    if (what.refuseNothing && what.report.recordsKept === 0) throw what.refuseNothing();
  } catch (error) {
    // The first error is the one to tell.
    if (output.name === '-' && what.report.recordsKept > 0) await writer.flush().catch(() => {});
    throw error;
  }
  await writer.finish();
  const leftOut = writer.leftOut ?? new Map<string, number>();
  what.report.recordsLeftOut = [...leftOut.values()].reduce((sum, count) => sum + count, 0);
  tellLeftOut(output, leftOut, what.report.recordsLeftOut);
}

/**
 * Says how many records are in the output, and how many that were kept are not: `10 records written to x (2 of 12 …)`.
 */
export function writtenText(name: string, { recordsKept, recordsLeftOut = 0 }: FilterReport): string {
  const written = `${countText(recordsKept - recordsLeftOut)} records written to ${isStdout(name) ? 'stdout' : name}`;
  return recordsLeftOut === 0
    ? written
    : `${written} (${countText(recordsLeftOut)} of ${countText(recordsKept)} have no equivalent there)`;
}

/** Said whatever the flags: a trace that is shorter than the one it was made from must not look like it. */
function tellLeftOut({ name, format }: Output, leftOut: ReadonlyMap<string, number>, total: number): void {
  if (total === 0) return;
  const counts = [...leftOut].sort((a, b) => b[1] - a[1]);
  const ops = counts.map(([op, count]) => `${countText(count)} ${op}`).join(', ');
  printWarning(`${name}: ${countText(total)} records have no equivalent in ${format} JSON (${ops})`);
}
