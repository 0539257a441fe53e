import { addLoss, emptyLoss, type Loss, type TraceHeader } from '../../trace/record/record.ts';
import { computeTotals } from '../../trace/stats/totals.ts';
import type { BlockEntry, Totals } from '../../trace/stats/trace-index.ts';
import type { OpLog } from '../op-log/op-log.ts';
import { planExport } from './export-op-log.ts';
import type { PlannedBlock } from './export-plan.ts';

/** What a whole op log holds, in the form of a trace's totals. */
export interface OpLogTotals {
  readonly header: TraceHeader;
  readonly totals: Totals;
  readonly loss: Loss;
  readonly blocks: number;
  readonly sizeBytes: number;
}

/**
 * Adds up an op log from the indexes of its segments: no block is read, but for those of a segment without an index
 * (capture is writing it, or was killed). Losses, gaps and notes are those that an export of everything has.
 */
export async function totalsOfOpLog(log: OpLog, tool: string): Promise<OpLogTotals> {
  const { header, blocks } = await planExport(log, { tool, skipDamaged: true });
  const entries = blocks.map((block) => shifted(block, header.epochUnixNs));
  const totals = computeTotals(entries, [], header.epochUnixNs);
  return {
    header,
    totals,
    loss: addLoss(addLoss(emptyLoss(), header.loss), totals.loss),
    blocks: blocks.length,
    sizeBytes: log.segments.reduce((sum, { file }) => sum + (file?.sizeBytes ?? 0), 0),
  };
}

/** Segments have epochs of their own. Arrivals are counted in Unix time and need no shift. */
function shifted({ file, entry }: PlannedBlock, epochUnixNs: bigint): BlockEntry {
  const shiftNs = Number(file.header.epochUnixNs - epochUnixNs);
  return {
    ...entry,
    firstStartNs: entry.firstStartNs + shiftNs,
    lastStartNs: entry.lastStartNs + shiftNs,
  };
}
