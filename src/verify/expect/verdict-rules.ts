import { FIDELITY_LIMITS as LIMITS } from '../../results/verdict/fidelity-limits.ts';
import { type Expectation, type Expectations, exactly, nearly } from '../measure/expectations.ts';
import type { Leaves } from './document-leaves.ts';
import type { ArrivalFacts } from './expect-arrivals.ts';

export type Severity = 'degraded' | 'invalid';

/**
 * A rule of docs/results.md: the verdict falls where a value is above its limit. Both are in the unit of the document.
 */
export interface Rule {
  code: string;
  value: Expectation;
  degraded: number;
  invalid?: number;
  /** The limit as the document states it, where it is rounded there. */
  told?: number;
}

const MS = 1e6;
const US = 1e3;

/** What the verdict is made from besides expectations. */
export interface VerdictInput {
  leaves: Leaves;
  arrivals: ArrivalFacts;
  /** Whether there is a schedule; false with `--timing asap`. */
  hasSchedule: boolean;
  /** Whether sessions keep their order; false with `--order open`. */
  keepsOrder: boolean;
  /** The share of answers of another status class than recorded that takes nothing from the verdict. */
  expectedMismatch: number;
}

/** Lists all rules, with the values that were recomputed or vouched for. */
export function rulesFor(into: Expectations, input: VerdictInput): Rule[] {
  const at = (path: string): Expectation => into.get(path) ?? exactly(null);
  const count = (code: string, path: string): Rule => ({ code, value: at(path), degraded: 0 });
  const accounting = 'fidelity.accounting';
  const { notPlayedShare, neverLeftShare } = LIMITS;
  return [
    { code: 'never_left', value: neverLeft(at), ...neverLeftShare },
    { code: 'plan_not_played', value: notPlayed(at), degraded: Infinity, ...notPlayedShare },
    inversionRule(at('fidelity.inversions'), input),
    count('unsent', `${accounting}.unsent`),
    count('shed', `${accounting}.shed`),
    count('gate_timeout', `${accounting}.gate_timeout`),
    count('cut_off', `${accounting}.cut_off`),
    count('excluded_incomplete', 'fidelity.excluded.incomplete'),
    { code: 'excluded_unplayable', value: unplayed(at), degraded: 0 },
    {
      code: 'excluded_dangerous',
      value: exactly(Number(at('fidelity.excluded.dangerous').value ?? 0)),
      degraded: 0,
    },
    count('excluded_no_target', 'fidelity.excluded.no_target'),
    count('redacted', 'fidelity.redacted.operations'),
    count('unsendable', 'fidelity.unsendable.operations'),
    count('plan_held', 'fidelity.engine.held_limit_hits'),
    count('read_ahead_dry', 'fidelity.engine.underruns'),
    { code: 'stretched', value: rounded(at('fidelity.stretched_ms')), degraded: 0 },
    ...(input.hasSchedule
      ? [...latenessRules(at, input.arrivals.sends), ...arrivalRules(at, input.arrivals)]
      : []),
    ...streamRules(at),
    {
      code: 'keepalive_closed',
      value: at('fidelity.keepalive_closed.share'),
      ...LIMITS.keepaliveClosedShare,
    },
    statusRule(at, input.expectedMismatch),
    failureRule(at, input.expectedMismatch),
    ...healthRules(at, input.arrivals),
  ];
}

/**
 * Makes the rule for inversions: of their count where the order was promised, and else of their share of what was sent.
 */
function inversionRule(inversions: Expectation, { keepsOrder, arrivals }: VerdictInput): Rule {
  const code = 'inversions';
  if (keepsOrder) return { code, value: inversions, degraded: Infinity, invalid: 0 };
  return { code, value: shareOfSends(inversions, arrivals.sends), ...LIMITS.openInversionShare };
}

function streamRules(at: (path: string) => Expectation): Rule[] {
  const lateness = (percentile: string): Expectation =>
    scaledBy(at(`streams.message_lateness_us.overall.${percentile}`), US / MS);
  const planned = Number(at('streams.messages_planned').value ?? 0);
  const unsent = Number(at('streams.messages_unsent').value ?? 0);
  return [
    {
      code: 'stream_message_late_p99',
      value: lateness('p99'),
      degraded: LIMITS.messageLatenessP99Ns.degraded / MS,
    },
    {
      code: 'stream_message_late_p50',
      value: lateness('p50'),
      degraded: LIMITS.messageLatenessP50Ns.degraded / MS,
    },
    {
      code: 'stream_messages_unsent',
      value: planned > 0 ? nearly(unsent / planned) : exactly(null),
      degraded: LIMITS.messagesUnsentShare.degraded,
    },
  ];
}

/** Makes the rule for other answers than recorded; one operation alone voids nothing. */
function statusRule(at: (path: string) => Expectation, expected: number): Rule {
  const { degraded, invalid } = LIMITS.statusMismatchShare;
  const rule: Rule = {
    code: 'status_mismatch',
    value: at('status_classes.overall.mismatch_rate'),
    degraded: Math.max(degraded, expected),
  };
  const mismatches = Number(at('status_classes.overall.mismatches').value);
  return mismatches > 1 ? { ...rule, invalid: Math.max(invalid, expected) } : rule;
}

/** Makes the rule for a run in which nothing succeeded. Documents without `answers` were written before there was one. */
function failureRule(at: (path: string) => Expectation, expected: number): Rule {
  const count = (path: string): number => Number(at(path).value ?? 0);
  const errors = count('fidelity.accounting.errors');
  const isAlike = count('status_classes.overall.compared') > count('status_classes.overall.mismatches');
  const answered = count('summary.total_operations') - count('summary.without_answer');
  const isOlder = at('answers.overall.unknown').value === null;
  const isAllowed =
    answered === 0 || isOlder || isAlike || expected >= 1 || count('fidelity.accounting.ok') > 0;
  return {
    code: 'nothing_succeeded',
    value: exactly(isAllowed ? 0 : errors),
    degraded: Infinity,
    invalid: 0,
  };
}

function neverLeft(at: (path: string) => Expectation): Expectation {
  const sent = Number(at('fidelity.accounting.sent').value);
  return sent > 0 ? nearly(Number(at('fidelity.accounting.never_left').value) / sent) : exactly(null);
}

/** Adds up the records that no replay could have played; a document of an older version counts none. */
function unplayed(at: (path: string) => Expectation): Expectation {
  const counts = ['tunnel', 'upgrade', 'transfer_coding'].map((name) =>
    Number(at(`fidelity.excluded.${name}`).value ?? 0),
  );
  return exactly(counts.reduce((sum, count) => sum + count, 0));
}

/** Computes the share of the plan that was given up, without what an interrupt left over. */
function notPlayed(at: (path: string) => Expectation): Expectation {
  const count = (name: string): number => Number(at(`fidelity.accounting.${name}`).value);
  const unsent = at('summary.stop').value === 'interrupted' ? 0 : count('unsent');
  const planned = count('planned') - count('unsent') + unsent;
  const isCounted =
    at('summary.stop').value !== 'behind' || at('fidelity.accounting.plan_complete').value === true;
  if (planned === 0 || !isCounted) return exactly(null);
  return nearly((count('shed') + count('gate_timeout') + unsent) / planned);
}

function latenessRules(at: (path: string) => Expectation, sends: number): Rule[] {
  return [
    {
      code: 'gate_wait',
      value: scaledBy(at('fidelity.gate_wait_us.overall.p99'), US / MS),
      degraded: LIMITS.gateWaitP99Ns.degraded / MS,
    },
    {
      code: 'back_pressure',
      value: shareOfSends(at('fidelity.attribution.back_pressure.ops'), sends),
      degraded: LIMITS.backPressureShare.degraded,
    },
    {
      code: 'generator_late_p99',
      value: scaledBy(at('fidelity.generator_lateness_us.p99'), US / MS),
      degraded: LIMITS.generatorLatenessP99Ns.degraded / MS,
      invalid: LIMITS.generatorLatenessP99Ns.invalid / MS,
    },
    {
      code: 'generator_late_p50',
      value: scaledBy(at('fidelity.generator_lateness_us.p50'), US / MS),
      degraded: LIMITS.generatorLatenessP50Ns.degraded / MS,
      invalid: LIMITS.generatorLatenessP50Ns.invalid / MS,
    },
  ];
}

function arrivalRules(at: (path: string) => Expectation, arrivals: ArrivalFacts): Rule[] {
  const meanGapNs = arrivals.plannedMeanGapNs ?? 0;
  const spanNs = arrivals.plannedSpanNs ?? 0;
  const { planned100Ms, sent100Ms, sentSpanNs, distance } = arrivals;
  const driftNs = sentSpanNs === undefined ? undefined : Math.abs(sentSpanNs - spanNs);
  const lumps =
    planned100Ms === undefined || sent100Ms === undefined ? undefined : Math.abs(sent100Ms - planned100Ms);
  const coarse = LIMITS.resolutionShare.degraded * meanGapNs;
  const share = (limit: { degraded: number }, part: { degraded: number }, of: number): number =>
    Math.max(limit.degraded, part.degraded * of);
  return [
    {
      code: 'drift',
      value: nearly(driftNs === undefined ? undefined : driftNs / MS),
      degraded: share(LIMITS.driftNs, LIMITS.driftShare, spanNs) / MS,
    },
    {
      code: 'gaps',
      value: nearly(distance === undefined ? undefined : distance.w1Ns / US),
      degraded: share(LIMITS.w1Ns, LIMITS.w1Share, meanGapNs) / US,
    },
    {
      code: 'dispersion',
      value: nearly(lumps),
      degraded: share(LIMITS.dispersionAbsolute, LIMITS.dispersionShare, planned100Ms ?? 0),
    },
    { code: 'plan_statistics', value: at('fidelity.engine.missing_from_plan_statistics'), degraded: 0 },
    ...(meanGapNs > 0
      ? [
          {
            code: 'timestamp_resolution',
            value: at('fidelity.timestamp_resolution_ns'),
            degraded: coarse,
            told: Math.round(coarse),
          },
        ]
      : []),
  ];
}

function healthRules(at: (path: string) => Expectation, { sentSpanNs = 0 }: ArrivalFacts): Rule[] {
  const generator = (name: string): Expectation => at(`fidelity.generator.${name}`);
  const gcTotalMs = generator('gc.total_ms');
  const ofTime = sentSpanNs > 0 ? MS / sentSpanNs : Number.NaN;
  const limits = (limit: { degraded: number; invalid?: number }, unit: number) => ({
    degraded: limit.degraded / unit,
    ...(limit.invalid === undefined ? {} : { invalid: limit.invalid / unit }),
  });
  const percent = (name: string) => scaledBy(generator(name), 0.01);
  return [
    {
      code: 'event_loop_delay_p99',
      value: close(generator('event_loop_delay_ms.p99')),
      ...limits(LIMITS.eventLoopDelayP99Ns, MS),
    },
    {
      code: 'event_loop_stall',
      value: close(generator('event_loop_delay_ms.max')),
      ...limits(LIMITS.eventLoopDelayMaxNs, MS),
    },
    { code: 'gc_pause', value: close(generator('gc.max_ms')), ...limits(LIMITS.gcMaxNs, MS) },
    { code: 'gc_share', value: scaledBy(gcTotalMs, ofTime), ...limits(LIMITS.gcShare, 1) },
    { code: 'steal', value: percent('steal_percent'), ...limits(LIMITS.stealShare, 1) },
    { code: 'cpu_pressure', value: percent('cpu_pressure_percent'), ...limits(LIMITS.pressureShare, 1) },
    { code: 'cpu_throttled', value: percent('cpu_throttled.percent'), ...limits(LIMITS.throttledShare, 1) },
    { code: 'clock_stepped', value: close(generator('clock_step_ms')), ...limits(LIMITS.clockStepNs, MS) },
  ];
}

/** Expects a number in another unit, with what rounding before and after may have cost. */
function scaledBy(expectation: Expectation, factor: number): Expectation {
  if (typeof expectation.value !== 'number' || Number.isNaN(factor)) return exactly(null);
  return nearly(expectation.value * factor, (expectation.tolerance + 1e-6) * factor);
}

function shareOfSends(ops: Expectation, sends: number): Expectation {
  return sends > 0 ? nearly(Number(ops.value) / sends) : exactly(null);
}

function close(expectation: Expectation): Expectation {
  return typeof expectation.value === 'number' ? nearly(expectation.value) : expectation;
}

function rounded(expectation: Expectation): Expectation {
  return typeof expectation.value === 'number' ? exactly(Math.round(expectation.value)) : expectation;
}
