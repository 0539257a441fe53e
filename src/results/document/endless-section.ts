import type { Histogram } from '../histogram/histogram.ts';
import { type EndlessEnd, EndlessMetrics } from '../tally/endless-metrics.ts';
import type { ResultsRecorder } from '../tally/results-recorder.ts';
import type { LatencySection } from './latency-section.ts';
import { NS_PER_MS, percentiles } from './percentiles.ts';

/** Answers without an end of their own. */
export interface EndlessSection {
  answers: number;
  /** Most that were open at one time. */
  max_open: number;
  /** How many ended in each way; the sum is `answers`. */
  ended: Record<EndlessEnd, number>;
  response_bytes: number;
  /** Of the answers, how many have events that nothing tells apart: they are in no number below. */
  events_unknown: number;
  /** Null where that is true of all. */
  events: number | null;
  /** How many of the events were too many in one answer for their times to be kept. */
  events_untimed: number | null;
  /** Comments, which only keep a connection alive. */
  comments: number | null;
  /** The time from the send to the first event. */
  first_event_ms: LatencySection;
  /** The time from one event to the next in one answer. */
  event_gap_ms: LatencySection;
  /** In each answer, the longest time without an event, from its head to its end. */
  longest_silence_ms: LatencySection;
}

/** Says what became of endless answers; null where none came. */
export function endlessSection(recorder: ResultsRecorder): EndlessSection | null {
  const { answers, eventsUnknown, events, eventsUntimed, comments, responseBytes, ended, maxOpen } =
    recorder.endless;
  if (answers === 0) return null;
  const isAnyKnown = eventsUnknown < answers;
  const section = (pick: (metrics: EndlessMetrics) => Histogram): LatencySection =>
    byOp(recorder, (metrics) => percentiles(pick(metrics), NS_PER_MS));
  return {
    answers,
    max_open: maxOpen,
    ended: { ...ended },
    response_bytes: responseBytes,
    events_unknown: eventsUnknown,
    events: isAnyKnown ? events : null,
    events_untimed: isAnyKnown ? eventsUntimed : null,
    comments: isAnyKnown ? comments : null,
    first_event_ms: section((metrics) => metrics.firstEvent),
    event_gap_ms: section((metrics) => metrics.eventGap),
    longest_silence_ms: section((metrics) => metrics.silence),
  };
}

/** Gives the histograms of endless answers by their names in a document. */
export function endlessHistograms(recorder: ResultsRecorder): Record<EndlessHistogram, ByOp<string>> {
  const encoded = (pick: (metrics: EndlessMetrics) => Histogram): ByOp<string> =>
    byOp(recorder, (metrics) => pick(metrics).encode());
  return {
    first_event: encoded((metrics) => metrics.firstEvent),
    event_gap: encoded((metrics) => metrics.eventGap),
    longest_silence: encoded((metrics) => metrics.silence),
  };
}

type EndlessHistogram = 'first_event' | 'event_gap' | 'longest_silence';
type ByOp<T> = { overall: T; [op: string]: T };

function byOp<T>({ overall, ops }: ResultsRecorder, of: (metrics: EndlessMetrics) => T): ByOp<T> {
  const own = ops
    .entries()
    .flatMap(([op, { endless }]): [string, T][] => (endless === undefined ? [] : [[op, of(endless)]]));
  return { overall: of(overall.endless ?? new EndlessMetrics()), ...Object.fromEntries(own) };
}
