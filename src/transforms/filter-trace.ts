import { addLoss, emptyLoss, type Loss, type TraceHeader, type TraceRecord } from '../trace/record/record.ts';
import type { Trace, TraceWriter } from '../trace/trace.ts';
import type { RecordPredicate } from './record-filter.ts';

/** Which records of a trace are kept. */
export interface FilterRules {
  keep: RecordPredicate;
  /** Which sessions stay; what goes is counted in the loss ledger. */
  sample?: ((session: string) => boolean) | undefined;
  /** Told of each record that the rules keep, and whether the sample has it. */
  onSampled?: ((record: TraceRecord, isKept: boolean) => void) | undefined;
  /** Ends after so many records. */
  limit?: number | undefined;
}

/** What a filter did so far. */
export interface FilterReport {
  recordsRead: number;
  recordsKept: number;
  recordsSampledOut: number;
  /** How many of the kept records the form of the output has no place for. */
  recordsLeftOut?: number | undefined;
  /** The limit of the rules ended it. */
  limitReached?: boolean | undefined;
}

/** The header of a trace made from `header`: it keeps origin, window, gaps and known losses. */
export function derivedHeader(header: TraceHeader, tool: string, source: string, note?: string): TraceHeader {
  const notes = note === undefined ? header.notes : [...header.notes, note];
  return { ...header, sorted: true, tool, source, notes, gaps: [...header.gaps], loss: { ...header.loss } };
}

/**
 * Writes the records that the rules keep, in their order, with all losses of `trace`; `records` are those of `trace`
 * or of a part of it. Does not finish the writer. `report` counts on while it runs.
 */
export async function filterTrace(
  trace: Trace,
  records: AsyncIterable<TraceRecord[]>,
  rules: FilterRules,
  writer: TraceWriter,
  report: FilterReport,
): Promise<void> {
  for await (const batch of records) {
    const left = (rules.limit ?? Infinity) - report.recordsKept;
    const kept = select(batch, rules, left, report);
    if (kept.length > 0) await writer.write(kept);
    if (kept.length < left) continue;
    report.limitReached = true;
    break;
  }
  writer.addLoss(lossBeyondHeader(trace));
  writer.addLoss({ ...emptyLoss(), recordsSampledOut: report.recordsSampledOut });
}

function select(batch: TraceRecord[], rules: FilterRules, left: number, report: FilterReport): TraceRecord[] {
  const kept: TraceRecord[] = [];
  for (const record of batch) {
    if (kept.length >= left) break;
    report.recordsRead++;
    if (!rules.keep(record)) continue;
    const isKept = rules.sample === undefined || rules.sample(record.session);
    rules.onSampled?.(record, isKept);
    if (isKept) kept.push(record);
    else report.recordsSampledOut++;
  }
  report.recordsKept += kept.length;
  return kept;
}

/** Losses that the reader met in the blocks; those of the header are in the new header already. */
function lossBeyondHeader(trace: Trace): Loss {
  const loss = addLoss(emptyLoss(), trace.loss);
  for (const key of Object.keys(loss) as (keyof Loss)[]) loss[key] -= trace.header.loss[key];
  return loss;
}
