import { type PlanSummary, summarisePlan } from '../replay/plan-summary.ts';
import { EngramTraceError } from '../trace/error.ts';
import { engineOptions } from './engine-options.ts';
import { createNumberedSource } from './numbered-source.ts';
import { refusalsOf } from './refusals.ts';
import type { RunOptions } from './run-options.ts';
import { hasTargetIn } from './targets.ts';

/** What a run would do, and what of it would be refused. */
export interface ReplayPlan {
  summary: PlanSummary;
  refusals: EngramTraceError[];
}

/** Plans a run (`--dry-run`): reads the trace once and sends nothing. `empty` where it holds no records. */
export async function planReplay(run: RunOptions): Promise<ReplayPlan> {
  const options = engineOptions(run, undefined);
  const source = createNumberedSource(run.trace, run.range ?? {}, run.skipDamaged ? 'skip' : 'throw');
  const summary = await summarisePlan(() => source.open(), options, hasTargetIn(run));
  if (source.recordsRead === 0) {
    throw new EngramTraceError('empty', `${run.trace.name} has no records to replay`, {
      hint: 'engram-trace inspect shows what is in it; --from and --to may lie outside',
    });
  }
  return { summary, refusals: refusalsOf(run, options) };
}
