import { FIDELITY_LIMITS } from '../../results/verdict/fidelity-limits.ts';
import { type Expectation, type Expectations, exactly, type Leaf, nearly } from '../measure/expectations.ts';
import type { Leaves } from './document-leaves.ts';
import { type Rule, rulesFor, type Severity, type VerdictInput } from './verdict-rules.ts';

/**
 * Expects the reasons and the verdict, by the thresholds of docs/results.md. The values come from the expectations:
 * from what was recomputed, and what the end of the log vouches for. Where one lies so close to its limit that a
 * histogram's error decides, both answers agree.
 */
export function expectVerdict(into: Expectations, input: VerdictInput): void {
  let worst: 'valid' | Severity = 'valid';
  const found = (code: string, severity: Severity, observed: Expectation, limit: Expectation): void => {
    if (worst !== 'invalid') worst = severity;
    into.set(`fidelity.reasons[${code}].observed`, observed);
    into.set(`fidelity.reasons[${code}].limit`, limit);
    into.set(`fidelity.reasons[${code}].code`, exactly(code));
  };
  for (const rule of rulesFor(into, input)) {
    const severity = severityOf(rule, input.leaves);
    if (severity === undefined) continue;
    const limit = rule.told ?? (severity === 'invalid' ? rule.invalid : rule.degraded);
    found(rule.code, severity, rule.value, nearly(limit, Math.abs(limit ?? 0) * 1e-3));
  }
  for (const { code, severity, observed, limit } of plainReasons(into, input)) {
    found(code, severity, exactly(observed ?? null), exactly(limit ?? null));
  }
  into.set('fidelity.verdict', exactly(worst));
}

/** Says how bad a value is, and sides with the document where it may lie on either side of a limit. */
function severityOf({ code, value, degraded, invalid }: Rule, leaves: Leaves): Severity | undefined {
  if (typeof value.value !== 'number') return undefined;
  const above = (limit: number): boolean | undefined => {
    const { value: number, tolerance } = value as { value: number; tolerance: number };
    return Math.abs(number - limit) <= tolerance && tolerance > 0 && limit !== 0 ? undefined : number > limit;
  };
  const limitSaid = leaves.get(`fidelity.reasons[${code}].limit`);
  const isInvalid = invalid === undefined ? false : (above(invalid) ?? limitSaid === invalid);
  if (isInvalid) return 'invalid';
  return (above(degraded) ?? leaves.has(`fidelity.reasons[${code}].code`)) ? 'degraded' : undefined;
}

interface PlainReason {
  code: string;
  severity: Severity;
  observed?: Leaf | undefined;
  limit?: Leaf | undefined;
}

/** Finds the reasons that no limit on one number decides. */
function plainReasons(into: Expectations, { arrivals, hasSchedule, leaves }: VerdictInput): PlainReason[] {
  const value = (path: string): Leaf => into.get(path)?.value ?? null;
  const stop = value('summary.stop');
  // What was said of a broken trace or thread is text, and taken as it is.
  const said = (code: string): Leaf => leaves.get(`fidelity.reasons[${code}].observed`) as Leaf;
  const { sends, distance } = arrivals;
  const unknown = ['event_loop_delay', 'cpu'].filter((name) =>
    leaves.has(`fidelity.generator.${name === 'cpu' ? name : `${name}_ms`}`),
  );
  const loss = lossOf(value);
  const warnings = warningsIn(into);
  const reasons: (PlainReason & { applies: boolean })[] = [
    {
      applies: value('fidelity.accounting.sent') === 0,
      code: 'nothing_sent',
      severity: 'invalid',
      observed: 0,
      limit: 1,
    },
    {
      applies: stop === 'source_error',
      code: 'source_error',
      severity: 'invalid',
      observed: said('source_error'),
    },
    {
      applies: stop === 'sender_died',
      code: 'sender_died',
      severity: 'invalid',
      observed: said('sender_died'),
    },
    {
      applies: stop === 'behind' && value('fidelity.accounting.plan_complete') === false,
      code: 'plan_not_played',
      severity: 'invalid',
      limit: FIDELITY_LIMITS.notPlayedShare.invalid,
    },
    { applies: stop === 'interrupted', code: 'interrupted', severity: 'degraded' },
    { applies: stop === 'behind', code: 'aborted_behind', severity: 'degraded' },
    { applies: !hasSchedule, code: 'no_schedule', severity: 'degraded' },
    {
      applies: hasSchedule && sends > 0 && distance === undefined,
      code: 'too_few_operations',
      severity: 'degraded',
      observed: sends,
      limit: 2,
    },
    {
      applies: unknown.length > 0,
      code: 'health_unknown',
      severity: 'degraded',
      observed: unknown.join(', '),
    },
    {
      applies: loss.isAny,
      code: 'capture_loss',
      severity: 'degraded',
      observed: loss.records,
      limit: 0,
    },
    {
      applies: Number(value('capture_loss.gaps') ?? 0) > 0,
      code: 'capture_gaps',
      severity: 'degraded',
      observed: value('capture_loss.gaps_share') ?? value('capture_loss.gaps_secs'),
      limit: 0,
    },
    {
      applies: warnings > 0,
      code: 'trace_incomplete',
      severity: 'degraded',
      observed: warnings,
      limit: 0,
    },
  ];
  return reasons.filter(({ applies }) => applies);
}

/** Counts the warnings of the trace's reader that the end of the log repeats. */
function warningsIn(into: Expectations): number {
  let count = 0;
  while (into.has(`plan.trace.warnings[${count}]`)) count++;
  return count;
}

/** Adds up the losses of the trace, without what sampling left out on purpose. */
function lossOf(value: (path: string) => Leaf): { isAny: boolean; records: number } {
  const count = (name: string): number => Number(value(`capture_loss.${name}`) ?? 0);
  const sum = (names: string[]): number => names.reduce((total, name) => total + count(name), 0);
  const records = sum([
    'records_dropped',
    'records_late',
    'records_damaged',
    'bodies_truncated',
    'connections_unfollowed',
    'segments_incomplete',
  ]);
  return {
    isAny: records + sum(['body_bytes_truncated', 'blocks_damaged', 'bytes_unfollowed']) > 0,
    records,
  };
}
