import type { TraceHeader, TraceRecord } from '../trace/record.ts';
import type { Trace } from '../trace/trace.ts';
import { type FilterPlan, type FilterReport, filterTrace } from '../transforms/filter-trace.ts';
import type { Output } from './output.ts';

export interface RecordsToWrite {
  trace: Trace;
  header: TraceHeader;
  records: AsyncIterable<TraceRecord[]>;
  plan: FilterPlan;
  /** Counts on while it runs. */
  report: FilterReport;
}

/**
 * Writes records to an output and finishes it. Where reading fails, what came before the damage still goes to stdout:
 * a file would be removed, but those behind a pipe can use it.
 */
export async function writeRecords(output: Output, what: RecordsToWrite): Promise<void> {
  const writer = await output.writer(what.header);
  try {
    await filterTrace(what.trace, what.records, what.plan, writer, what.report);
  } catch (error) {
    // The first error is the one to tell.
    if (output.name === '-' && what.report.recordsKept > 0) await writer.flush().catch(() => {});
    throw error;
  }
  await writer.finish();
}
