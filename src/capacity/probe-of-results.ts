import { judgeLimit } from '../check/judge-limit.ts';
import type { Limit } from '../check/limit.ts';
import { compares } from '../check/spans.ts';
import { FAILING_CLASSES } from '../results/answers/status-class.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { type Margin, MOST_MARGIN, type Probe } from './probe.ts';
import { resampledMargins } from './resampled-margins.ts';

/** Reasons of a verdict that are this program's or its machine's doing. */
const BY_GENERATOR: ReadonlySet<string> = new Set([
  ...[
    'generator_late_p99',
    'generator_late_p50',
    'event_loop_delay_p99',
    'event_loop_stall',
    'gc_pause',
    'gc_share',
  ],
  ...['steal', 'cpu_throttled', 'cpu_pressure', 'plan_held', 'read_ahead_dry', 'sender_died', 'drift'],
  ...['stream_message_late_p99', 'stream_message_late_p50'],
]);
/** Those of a server that does not keep up with what it is sent: the load is too much for it. */
const BY_SERVER: ReadonlySet<string> = new Set([
  ...['back_pressure', 'plan_not_played', 'gate_wait', 'gate_timeout', 'shed', 'stretched', 'aborted_behind'],
  ...['cut_off', 'unsent', 'never_left'],
]);

const KEEPS_UP = 'keeps up with what it is sent';
/** Half the width of a 95 % interval in standard deviations. */
const HALF_INTERVAL_SIGMAS = 1.96;

/**
 * What a run says of the server at a load. A run that its generator spoiled says nothing, unless every limit held all the same;
 * a server that does not keep up is beyond every limit. How sure a margin is comes from the bounds of what was observed.
 */
export function probeOfResults(load: number, document: ResultsDocument, limits: readonly Limit[]): Probe {
  const { verdict, reasons } = document.fidelity;
  const codes = reasons.map(({ code }) => code);
  const why = reasons[0]?.message;
  const isSpoiled = codes.some((code) => BY_GENERATOR.has(code));
  if (verdict === 'invalid') {
    if (isOverloaded(codes, document) && !isSpoiled)
      return { load, kind: 'valid', margins: beyondAll(limits), why };
    return { load, kind: isSpoiled ? 'generator' : 'invalid', margins: [], why };
  }
  const seen = limits.map((limit, i) => ({ limit, margin: marginOf(limit, document, i) }));
  const margins = seen.flatMap(({ margin }) => margin ?? []);
  const unmeasured = seen.filter(({ margin }) => margin === undefined).map(({ limit }) => limit);
  const missing = unmeasured.find(({ isRequired }) => isRequired || margins.length === 0);
  if (missing !== undefined)
    return { load, kind: 'invalid', margins: [], why: `${missing.name} was not measured` };
  const isBroken = margins.some(({ margin }) => margin < 0);
  return { load, kind: isSpoiled && isBroken ? 'generator' : 'valid', margins, why };
}

/** Wrong answers alone do not show it: a server that is dead, or has other data, gives them at any load. */
function isOverloaded(codes: readonly string[], { status_classes }: ResultsDocument): boolean {
  if (codes.some((code) => BY_SERVER.has(code))) return true;
  const [most] = status_classes.changes;
  const isFailing = codes.includes('status_mismatch') && FAILING_CLASSES.has(most?.replayed ?? '');
  return isFailing && !codes.includes('nothing_succeeded');
}

/** With the limits themselves, whose boundary then lies between this load and one at which they were measured. */
function beyondAll(limits: readonly Limit[]): Margin[] {
  const names = [KEEPS_UP, ...limits.map(({ name }) => name)];
  return names.map((name) => ({ name, margin: -MOST_MARGIN, resampled: [] }));
}

/** Undefined where nothing was observed. */
function marginOf(limit: Limit, document: ResultsDocument, place: number): Margin | undefined {
  const { seen } = judgeLimit(limit, document);
  if (seen.value === null) return undefined;
  const margin = marginAt(seen.value, limit);
  const { low, high } = seen.bounds ?? { low: seen.value, high: seen.value };
  // A number that too few operations bound from above has one end only.
  const ends = [low, high].filter(Number.isFinite).map((end) => Math.abs(marginAt(end, limit) - margin));
  const sigma = Math.max(0, ...ends) / HALF_INTERVAL_SIGMAS;
  const what = `${limit.name} ${document.plan.digest} ${document.timestamp} ${place}`;
  return { name: limit.name, margin, resampled: resampledMargins(margin, sigma, what) };
}

/** The factor between a value and its limit, as a logarithm; where one of them is 0 or below, no factor leads there. */
function marginAt(value: number, limit: Limit): number {
  const [wanted, seen] = ratioOf(value, limit);
  if (wanted <= 0 || seen <= 0)
    return compares(limit.comparison, value, limit.value) ? MOST_MARGIN : -MOST_MARGIN;
  return Math.min(MOST_MARGIN, Math.max(-MOST_MARGIN, Math.log(wanted / seen)));
}

/** A share that has a least can't grow beyond the whole: what it lacks of that is what grows with the load. */
function ratioOf(value: number, limit: Limit): readonly [wanted: number, seen: number] {
  if (limit.comparison[0] === '<') return [limit.value, value];
  const whole = wholeOf(limit);
  return whole === undefined ? [value, limit.value] : [whole - limit.value, whole - value];
}

/** What all of a share is; undefined for what is no share. */
function wholeOf({ metric, quantity }: Limit): number | undefined {
  if (quantity === 'share') return 1;
  return metric.kind === 'share' ? 100 : undefined;
}
