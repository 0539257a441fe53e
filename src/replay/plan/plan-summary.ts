import type { Protocol, TraceRecord } from '../../trace/record/record.ts';
import { recordBytes } from '../../trace/record/record-bytes.ts';
import { OTHER_NAME } from '../../trace/stats/op-numbers.ts';
import type { LeftOutByReason, LeftOutDangers } from '../left-out.ts';
import type { ReplayOptions } from '../replay-options.ts';
import type { DueTimes } from './due-times.ts';
import { createPlanDigest } from './plan-digest.ts';
import { createPlanReader, type OpenSource, type PlanReaderDeps, planSchedule } from './plan-reader.ts';
import { createSelection, type Selection } from './selection.ts';
import { targetOf } from './target-of.ts';

/** What a replay would do, without doing it (`--dry-run`). Counts are those of one pass, over all copies, unless they say otherwise. */
export interface PlanSummary {
  /** Undefined where the records were counted and not made; `requestBytes` is an estimate then. */
  digest: string | undefined;
  /** In all passes; `Infinity` for an endless plan. */
  operations: number;
  passes: number;
  /** From the first due time to the last, over all passes, in ns. */
  durationNs: number;
  /** Operations over the duration; undefined when that is 0 or endless. */
  ratePerSec: number | undefined;
  excluded: LeftOutByReason;
  dangers: LeftOutDangers;
  perOp: Map<string, number>;
  perProtocol: Map<Protocol, number>;
  /** The first `SESSIONS_COUNTED` sessions by name; operations of further ones are in `otherSessionsOperations`. */
  perSession: Map<string, number>;
  otherSessionsOperations: number;
  /** By the place of their target, where there are several. */
  perTarget: number[];
  requestBytes: number;
  /** The first operations of the plan. */
  first: FirstDue[];
}

export interface FirstDue {
  /** The due time in ns after the first one. */
  dueNs: number;
  op: string;
  session: string;
  method: string;
  path: string;
}

/** A trace may have millions of sessions and memory is bounded. */
export const SESSIONS_COUNTED = 10_000;
/** Further names of ops are counted as `(other)`. */
const OPS_COUNTED = 1_000;
const FIRST_SHOWN = 10;

/** Reads one pass and adds it up in bounded memory; further passes are computed. Rejects when the source breaks. */
export async function summarisePlan(
  openSource: OpenSource,
  options: ReplayOptions,
  hasTarget: (record: TraceRecord) => boolean = () => true,
  {
    openStarts,
    watch,
    targets = 1,
  }: Pick<PlanReaderDeps, 'openStarts' | 'watch'> & { targets?: number } = {},
): Promise<PlanSummary> {
  const schedule = planSchedule(options);
  const selection = createSelection(options, hasTarget);
  const digest = createPlanDigest();
  const summary = emptySummary(selection, targets);
  const reader = createPlanReader({
    openSource,
    options: { ...options, loops: 1 },
    selection,
    digest,
    openStarts,
    watch,
    schedule,
    sink: {
      operation: (record, _number, { dueNs }, _recordNumber, span) => {
        addUp(summary, record, dueNs);
        span?.block.lease?.giveBack();
        return undefined;
      },
      batchEnd: () => {},
      stopped: false,
      closed: false,
    },
  });
  await reader.run();
  if (reader.error !== undefined) throw reader.error;
  summary.digest = digest.finish();
  if (schedule.firstNs !== undefined) addPasses(summary, options.loops, schedule, schedule.firstNs);
  return summary;
}

function emptySummary({ excluded, dangers }: Selection, targets: number): PlanSummary {
  return {
    digest: '',
    operations: 0,
    passes: 1,
    durationNs: 0,
    ratePerSec: undefined,
    excluded,
    dangers,
    perOp: new Map(),
    perProtocol: new Map(),
    perSession: new Map(),
    otherSessionsOperations: 0,
    perTarget: targets === 1 ? [] : new Array<number>(targets).fill(0),
    requestBytes: 0,
    first: [],
  };
}

function addUp(summary: PlanSummary, record: TraceRecord, dueNs: number): undefined {
  const { op, session, method, path, protocol } = record;
  summary.operations += 1;
  summary.durationNs = dueNs;
  summary.requestBytes += recordBytes(record);
  countIn(summary.perOp, summary.perOp.size < OPS_COUNTED || summary.perOp.has(op) ? op : OTHER_NAME);
  countIn(summary.perProtocol, protocol);
  if (summary.perSession.size < SESSIONS_COUNTED || summary.perSession.has(session)) {
    countIn(summary.perSession, session);
  } else summary.otherSessionsOperations += 1;
  countByTarget(summary.perTarget, session);
  if (summary.first.length < FIRST_SHOWN) summary.first.push({ dueNs, op, session, method, path });
}

function countByTarget(counts: number[], session: string): void {
  if (counts.length === 0) return;
  const target = targetOf(session, counts.length);
  counts[target] = (counts[target] as number) + 1;
}

function countIn<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The first offset of a second pass is the length of a pass; all passes are as long. */
function addPasses(summary: PlanSummary, loops: number, schedule: DueTimes, firstStartNs: number): void {
  const lastOffsetNs = schedule.offsetNs;
  schedule.nextPass();
  schedule.next(firstStartNs);
  const passNs = schedule.offsetNs;
  summary.operations *= loops;
  summary.passes = loops;
  if (loops > 1) {
    summary.durationNs = schedule.dueAt((loops - 1) * passNs + lastOffsetNs, summary.operations - 1);
  }
  const seconds = summary.durationNs / 1e9;
  if (seconds > 0 && Number.isFinite(seconds)) summary.ratePerSec = summary.operations / seconds;
}
