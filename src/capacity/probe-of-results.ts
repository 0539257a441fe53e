import { judgeLimit } from '../check/judge-limit.ts';
import type { Limit } from '../check/limit.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Margin, Probe } from './probe.ts';
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
  ...['cut_off', 'unsent', 'nothing_succeeded', 'status_mismatch', 'never_left'],
]);

const KEEPS_UP = 'keeps up with what it is sent';
/** No margin is larger: a factor of 20,000. */
const MOST_MARGIN = 10;
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
    if (codes.some((code) => BY_SERVER.has(code)) && !isSpoiled)
      return { load, kind: 'valid', margins: [{ name: KEEPS_UP, margin: -MOST_MARGIN, resampled: [] }], why };
    return { load, kind: isSpoiled ? 'generator' : 'invalid', margins: [], why };
  }
  const margins = limits.map((limit, i) => marginOf(limit, document, i));
  const missing = margins.find(({ margin }) => Number.isNaN(margin));
  if (missing !== undefined)
    return { load, kind: 'invalid', margins: [], why: `${missing.name} was not measured` };
  const isBroken = margins.some(({ margin }) => margin < 0);
  return { load, kind: isSpoiled && isBroken ? 'generator' : 'valid', margins, why };
}

/** NaN where nothing was observed. */
function marginOf(limit: Limit, document: ResultsDocument, place: number): Margin {
  const { seen } = judgeLimit(limit, document);
  const marginAt = (value: number): number => {
    const factor = limit.comparison[0] === '<' ? limit.value / value : value / limit.value;
    return Math.min(MOST_MARGIN, Math.max(-MOST_MARGIN, Math.log(Math.max(factor, 0))));
  };
  if (seen.value === null) return { name: limit.name, margin: Number.NaN, resampled: [] };
  const margin = marginAt(seen.value);
  const { low, high } = seen.bounds ?? { low: seen.value, high: seen.value };
  // A number that too few operations bound from above has one end only.
  const ends = [low, high].filter(Number.isFinite).map((end) => Math.abs(marginAt(end) - margin));
  const sigma = Math.max(0, ...ends) / HALF_INTERVAL_SIGMAS;
  const what = `${limit.name} ${document.plan.digest} ${document.timestamp} ${place}`;
  return { name: limit.name, margin, resampled: resampledMargins(margin, sigma, what) };
}
