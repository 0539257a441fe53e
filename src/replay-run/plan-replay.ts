import { EngramTraceError } from '../error.ts';
import { keepsReadingOrder } from '../replay/plan/plan-reader.ts';
import { type PlanSummary, summarisePlan } from '../replay/plan/plan-summary.ts';
import { isInShard } from '../replay/plan/shard-of.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import { NearnessOfPlan, type PlanNearness, rateFactorOf } from '../results/arrivals/plan-nearness.ts';
import { isMade } from '../results/document/is-made.ts';
import { LeftOutCount } from '../results/tally/left-out-count.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import { NameCounts } from '../transforms/name-counts.ts';
import { createLeftOutFinder } from '../transports/request/left-out-finder.ts';
import type { ChaosPlanned } from './options/chaos-load.ts';
import { engineOptions } from './options/engine-options.ts';
import { playsAll } from './options/plays-all.ts';
import type { RunOptions } from './options/run-options.ts';
import { openOriginGuard } from './origin/open-origin-guard.ts';
import type { OriginGuard } from './origin/origin-guard.ts';
import { spacesOfRun } from './prepare/spaces-of-run.ts';
import { refusalBy, refusalsOf } from './refusals.ts';
import { refuseEmpty } from './refuse-empty.ts';
import { createNumberedSource } from './source/numbered-source.ts';
import { lookUpTargets } from './target/look-up-targets.ts';
import { allTargets, hasTargetIn, targetCount } from './target/targets.ts';

/** What a run would do, and which parts of it would be refused. */
export interface ReplayPlan {
  summary: PlanSummary;
  /** Null for a plan that is as heavy as its recording, or that has times of its own. */
  nearness: PlanNearness | null;
  /** Records of one pass that would go without what was redacted in the trace. */
  redacted: LeftOutCount;
  /** Records of one pass that would go without what no message can hold. */
  unsendable: LeftOutCount;
  /** The spaces that `--prepare` would make; undefined without it. */
  spaces: readonly string[] | undefined;
  /** What is done to the target besides. */
  chaos: ChaosPlanned | undefined;
  /** Of several targets each, with its operations of one pass; none where there is one. */
  targets: { http: string | null; grpc: string | null; operations: number }[];
  refusals: EngramTraceError[];
}

/** Plans a run (`--dry-run`): reads the trace once and sends nothing. `empty` where it holds no records. */
export async function planReplay(run: RunOptions): Promise<ReplayPlan> {
  const options = engineOptions(run, undefined);
  const isCounted = isCountedOnly(run);
  const part = isCounted ? { limit: MADE_OF_COUNTED } : (run.range ?? {});
  const openSource = (recycled: boolean) =>
    createNumberedSource(run.trace, part, run.skipDamaged ? 'skip' : 'throw', { recycled });
  const source = openSource(keepsReadingOrder(options));
  const rateFactor = rateFactorOf(options);
  const watch = rateFactor === undefined ? undefined : new NearnessOfPlan(rateFactor);
  const redacted = new LeftOutCount();
  const unsendable = new LeftOutCount();
  const leftOutOf = createLeftOutFinder(run.headers ?? [], run.trace.header.redacted);
  // Asked of what takes part in all other ways, once for each record.
  const hasTarget = hasTargetIn(run);
  const takes = (record: TraceRecord): boolean => {
    if (!hasTarget(record)) return false;
    const left = leftOutOf(record);
    redacted.add(left.redacted);
    unsendable.add(left.unsendable);
    return true;
  };
  const guard = openOriginGuard(run, await lookUpTargets(run));
  const prepared = await preparationOf(run, options);
  const met: EngramTraceError[] = [];
  const ops = new NameCounts();
  const watched = () => countOps(watchOrigins(source.open(), guard, met), ops);
  const made = await summarisePlan(watched, options, takes, {
    watch,
    targets: targetCount(run),
    openStarts: () => openSource(false).open(),
  });
  const summary = isCounted ? await countedSummary(run, options, made) : made;
  const { operations, excluded } = summary;
  const { recordsRead } = source;
  const selected = {
    traceName: run.trace.name,
    isMade: isMade(run),
    recordsRead,
    planned: operations,
    excluded,
    leftOutOps: ops,
  };
  if (recordsRead === 0) refuseEmpty(selected);
  const all = [
    ...refusalsOf(run, options, guard),
    ...met.slice(0, 1),
    ...prepared.refusals,
    ...refusalBy(() => refuseEmpty(selected)),
  ];
  // The trace's origins and the hosts of its records may name the same place.
  const refusals = all.filter((one, at) => all.findIndex(({ message }) => message === one.message) === at);
  const nearness = watch?.section() ?? null;
  const chaos = run.chaos?.planned(options.shard);
  const targets = summary.perTarget.length === 0 ? [] : targetsOf(run, summary.perTarget);
  return { summary, nearness, redacted, unsendable, spaces: prepared.spaces, chaos, targets, refusals };
}

function targetsOf(run: RunOptions, perTarget: readonly number[]): ReplayPlan['targets'] {
  return allTargets(run).map(({ http, grpc }, i) => ({
    ...{ http: http?.url ?? null, grpc: grpc?.url ?? null },
    operations: perTarget[i] ?? 0,
  }));
}

/** A plan of more operations is counted where that can be done without making them. */
const MOST_MADE = 200_000;
/** So many of its operations are made all the same, to show the first and to estimate their bytes. */
const MADE_OF_COUNTED = 1000;

/** Whether a plan is so long that its operations are counted, and not made. */
export function isCountedOnly(run: RunOptions): boolean {
  const { trace, dangerous = [] } = run;
  if (trace.outline === undefined || !playsAll(run) || dangerous.length > 0) return false;
  return (trace.hints.records ?? 0) > MOST_MADE;
}

async function countedSummary(
  run: RunOptions,
  { shard }: ReplayOptions,
  made: PlanSummary,
): Promise<PlanSummary> {
  const hasTarget = hasTargetIn(run);
  let withoutTarget = 0;
  const outline = await run.trace.outline?.((protocol, session) => {
    if (shard !== undefined && !isInShard(session(), shard)) return false;
    if (hasTarget({ protocol })) return true;
    withoutTarget += 1;
    return false;
  });
  if (outline === undefined) return made;
  const { taken, firstNs, lastNs, perOp, perProtocol, perSession, inOtherSessions } = outline;
  const seconds = (lastNs - firstNs) / 1e9;
  return {
    ...made,
    ...{ digest: undefined, operations: taken, durationNs: lastNs - firstNs },
    ratePerSec: seconds > 0 ? taken / seconds : undefined,
    excluded: { ...made.excluded, no_target: withoutTarget },
    ...{ perOp, perProtocol, perSession, otherSessionsOperations: inOtherSessions },
    requestBytes: Math.round((made.requestBytes / Math.max(1, made.operations)) * taken),
  };
}

async function preparationOf(
  run: RunOptions,
  options: ReplayOptions,
): Promise<Pick<ReplayPlan, 'spaces' | 'refusals'>> {
  if (!run.prepare) return { spaces: undefined, refusals: [] };
  try {
    return { spaces: await spacesOfRun(run, options), refusals: [] };
  } catch (thrown) {
    if (thrown instanceof EngramTraceError && thrown.code === 'usage')
      return { spaces: undefined, refusals: [thrown] };
    throw thrown;
  }
}

async function* countOps(
  batches: AsyncIterable<TraceRecord[]>,
  ops: NameCounts,
): AsyncGenerator<TraceRecord[]> {
  for await (const batch of batches) {
    for (const { op } of batch) ops.add(op);
    yield batch;
  }
}

/** Passes batches on; the first record whose client addressed an endpoint is one more refusal. */
async function* watchOrigins(
  batches: AsyncIterable<TraceRecord[]>,
  guard: OriginGuard | undefined,
  met: EngramTraceError[],
): AsyncGenerator<TraceRecord[]> {
  for await (const batch of batches) {
    if (met.length === 0) met.push(...batch.flatMap((record) => refusalBy(() => guard?.checkRecord(record))));
    yield batch;
  }
}
