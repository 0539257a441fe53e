import type { EngramTraceError } from '../../error.ts';
import { numberText } from '../../inspect/number-text.ts';
import { leftOutText } from '../../replay/left-out.ts';
import type { ReplayPlan } from '../../replay-run/plan-replay.ts';
import type { PlanNearness } from '../../results/arrivals/plan-nearness.ts';
import { linesText } from '../../visible-text.ts';
import { plannedChaosLines } from './chaos-text.ts';
import { more } from './more.ts';
import { targetName } from './targets-text.ts';

const FIRST_SHOWN = 10;
const SESSIONS_SHOWN = 10;
const SPACES_SHOWN = 20;

/** Writes the plan of `--dry-run`, for people. */
export function planText({
  summary: plan,
  nearness,
  redacted,
  unsendable,
  spaces,
  chaos,
  targets,
}: ReplayPlan): string {
  const { excluded, dangers } = plan;
  const lines = [
    passesText(plan.operations, plan.passes),
    `duration    ${Number.isFinite(plan.durationNs) ? `${(plan.durationNs / 1e9).toFixed(3)} s` : 'until it is stopped'}`,
    `rate        ${plan.ratePerSec === undefined ? '-' : `${plan.ratePerSec.toFixed(1)}/s`}`,
    `requests    ${plan.digest === undefined ? 'about ' : ''}${plan.requestBytes} bytes a pass`,
    `left out    ${leftOutText(excluded) || 'nothing'}`,
    ...[...dangers].map(([{ pattern, why }, count]) => `  ${String(count).padStart(8)}  ${pattern}: ${why}`),
    ...(redacted.operations === 0
      ? []
      : [`redacted    ${redacted.operations} a pass go without ${redacted.names.join(', ')}`]),
    ...(unsendable.operations === 0
      ? []
      : [`unsendable  ${unsendable.operations} a pass go without ${unsendable.names.join(', ')}`]),
    ...(nearness === null ? [] : nearnessLines(nearness)),
    ...preparedLines(spaces),
    ...plannedChaosLines(chaos),
    ...(targets.length === 0 ? [] : countLines('targets', new Map(targets.map(namedTarget)))),
    ...countLines('protocols', plan.perProtocol),
    ...countLines('ops', plan.perOp),
    ...countLines('sessions', plan.perSession, SESSIONS_SHOWN, plan.otherSessionsOperations),
    'first due',
    ...plan.first.slice(0, FIRST_SHOWN).map(({ dueNs, op, session, method, path }) => {
      const shown = path.length > 60 ? `${path.slice(0, 60)}…` : path;
      return `  ${(dueNs / 1e9).toFixed(6)} s  ${op}  ${session}  ${method} ${shown}`;
    }),
    `trace_digest ${plan.digest ?? 'not known: so many requests were counted, and not made'}`,
  ];
  return linesText(lines);
}

function namedTarget({ http, grpc, operations }: ReplayPlan['targets'][number]): [string, number] {
  return [targetName({ http, grpc }), operations];
}

/** How near the plan comes to its recording. */
function nearnessLines(nearness: PlanNearness): string[] {
  const { rate_factor: factor, rate_ratio: ratio, gap_ks: ks, gap_w1_over_mean: w1, dispersion } = nearness;
  const share = w1 === null ? '' : `, W1 ${numberText(100 * w1)} % of the recorded mean gap`;
  const widths = (['10ms', '100ms', '1000ms', '10000ms'] as const).map(
    (width) =>
      `${numberText(dispersion[`recorded_${width}`])} and ${numberText(dispersion[`planned_${width}`])} at ${width}`,
  );
  return [
    `nearness    ${numberText(ratio)} times the recorded rate, and ${numberText(factor)} times asked for`,
    `  gaps, multiplied by ${numberText(factor)}: KS ${numberText(ks)}${share}`,
    `  dispersion, recorded and planned: ${widths.join(', ')}`,
  ];
}

function countLines(
  title: string,
  counts: ReadonlyMap<string, number>,
  shown = Infinity,
  beyond = 0,
): string[] {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const rest = sorted.slice(shown);
  const restCount = rest.reduce((sum, [, count]) => sum + count, beyond);
  const lines = sorted.slice(0, shown).map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
  if (restCount > 0) lines.push(`  ${String(restCount).padStart(8)}  in all others`);
  return [`${title} (${beyond > 0 ? 'more than ' : ''}${counts.size})`, ...lines];
}

function passesText(operations: number, passes: number): string {
  if (!Number.isFinite(passes))
    return 'operations  without end: passes follow each other until it is stopped';
  return `operations  ${operations} in ${passes} ${passes === 1 ? 'pass' : 'passes'}`;
}

/** Writes the plan of `--dry-run`, for programs. */
export function planJson(
  { summary: plan, nearness, redacted, unsendable, spaces, chaos, targets }: ReplayPlan,
  refusals: readonly EngramTraceError[],
): Record<string, unknown> {
  return {
    trace_digest: plan.digest ?? null,
    operations: Number.isFinite(plan.operations) ? plan.operations : null,
    passes: Number.isFinite(plan.passes) ? plan.passes : null,
    duration_secs: Number.isFinite(plan.durationNs) ? plan.durationNs / 1e9 : null,
    rate_ops_sec: plan.ratePerSec ?? null,
    nearness,
    request_bytes: plan.requestBytes,
    excluded: plan.excluded,
    dangerous: [...plan.dangers].map(([{ pattern, why }, count]) => ({ pattern, count, why })),
    redacted: { operations: redacted.operations, names: redacted.names },
    unsendable: { operations: unsendable.operations, names: unsendable.names },
    prepare: spaces === undefined ? null : { spaces: spaces.length, names: spaces.slice(0, SPACES_SHOWN) },
    chaos: chaos === undefined ? null : { plan_digest: chaos.digest, ...chaos.counts },
    refusals: refusals.map(({ message, hint }) => ({ message, hint })),
    ops: Object.fromEntries(plan.perOp),
    ...(targets.length === 0 ? {} : { targets }),
    protocols: Object.fromEntries(plan.perProtocol),
    sessions: Object.fromEntries(plan.perSession),
    operations_of_other_sessions: plan.otherSessionsOperations,
    first_due: plan.first.map(({ dueNs, ...rest }) => ({ due_secs: dueNs / 1e9, ...rest })),
  };
}

/** Says what `--prepare` would do before the clock starts. */
function preparedLines(spaces: readonly string[] | undefined): string[] {
  if (spaces === undefined) return [];
  return [
    `prepare     ${spaces.length} ${spaces.length === 1 ? 'space is' : 'spaces are'} made first, where not there already`,
    ...spaces.slice(0, SPACES_SHOWN).map((space) => `  ${space}`),
    ...more(spaces.length - SPACES_SHOWN, 'spaces'),
  ];
}
