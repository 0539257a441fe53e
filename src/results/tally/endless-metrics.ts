import type { Disposition, Operation } from '../../replay/ports.ts';
import { Histogram } from '../histogram/histogram.ts';
import { addHistograms, drainHistograms, type HistogramParts } from '../histogram/histogram-parts.ts';
import { addSums, drainSums } from '../histogram/sums.ts';

/** Keeps the times of the events of endless answers: of one operation name, or of all. */
export class EndlessMetrics {
  /** The time from the send to the first event. */
  readonly firstEvent = new Histogram();
  /** The time from one event to the next in one answer. */
  readonly eventGap = new Histogram();
  /** The longest time without an event in each answer, from its head to its end. */
  readonly silence = new Histogram();

  /** Takes out what was recorded since the last drain. */
  drain(): EndlessMetricsPart {
    return drainHistograms<EndlessHistogramName>(this, ENDLESS_HISTOGRAM_NAMES);
  }

  addPart(part: EndlessMetricsPart): void {
    addHistograms<EndlessHistogramName>(this, part);
  }

  /** Adds the metrics of other endless answers. */
  addAll(other: EndlessMetrics): void {
    for (const name of ENDLESS_HISTOGRAM_NAMES) this[name].add(other[name]);
  }
}

/** The histograms of `EndlessMetrics`, by name. */
export const ENDLESS_HISTOGRAM_NAMES = ['firstEvent', 'eventGap', 'silence'] as const;

/** What was recorded since endless metrics were drained last. */
export type EndlessMetricsPart = HistogramParts<EndlessHistogramName>;

type EndlessHistogramName = (typeof ENDLESS_HISTOGRAM_NAMES)[number];

const ENDS = ['by_server', 'cancelled_as_recorded', 'timeout', 'cut_off', 'broken'] as const;

/** How an endless answer ended. */
export type EndlessEnd = (typeof ENDS)[number];

const SUMS = ['answers', 'eventsUnknown', 'events', 'eventsUntimed', 'comments', 'responseBytes'] as const;

/** What was counted since endless answers were drained last. */
export interface EndlessCountsPart {
  sums: Record<(typeof SUMS)[number], number> | undefined;
  ended: Record<EndlessEnd, number> | undefined;
  openedNs: Float64Array;
  endedNs: Float64Array;
}

/** Counts what became of endless answers. It keeps when each was open, 16 bytes an answer. */
export class EndlessCounts {
  answers = 0;
  /** How many of the answers have events that nothing tells apart. */
  eventsUnknown = 0;
  /** The events of the other answers. */
  events = 0;
  eventsUntimed = 0;
  comments = 0;
  responseBytes = 0;
  readonly ended: Record<EndlessEnd, number> = {
    by_server: 0,
    cancelled_as_recorded: 0,
    timeout: 0,
    cut_off: 0,
    broken: 0,
  };
  readonly #openedNs: number[] = [];
  readonly #endedNs: number[] = [];

  /** Counts an endless answer that is over; its times go into `metrics`. */
  add(operation: Operation, disposition: Disposition, metrics: EndlessMetrics): void {
    const { outcome, firstAnswerNs, doneNs } = operation;
    const endless = outcome?.endless;
    if (outcome === undefined || endless === undefined) return;
    const { areEventsKnown, eventNs, untimed, comments } = endless;
    this.answers++;
    this.responseBytes += outcome.responseBytes;
    this.ended[endOf(operation, disposition)]++;
    if (firstAnswerNs !== undefined && doneNs !== undefined) {
      this.#openedNs.push(firstAnswerNs);
      this.#endedNs.push(doneNs);
    }
    if (!areEventsKnown) {
      this.eventsUnknown++;
      return;
    }
    this.events += eventNs.length + untimed;
    this.eventsUntimed += untimed;
    this.comments += comments;
    recordTimes(metrics, operation);
  }

  /** Takes out what was counted since the last drain; undefined where that was nothing. */
  drain(): EndlessCountsPart | undefined {
    if (this.answers === 0) return undefined;
    return {
      sums: drainSums<(typeof SUMS)[number]>(this, SUMS),
      ended: drainSums(this.ended, ENDS),
      openedNs: Float64Array.from(this.#openedNs.splice(0)),
      endedNs: Float64Array.from(this.#endedNs.splice(0)),
    };
  }

  addPart({ sums, ended, openedNs, endedNs }: EndlessCountsPart): void {
    addSums<(typeof SUMS)[number]>(this, sums);
    addSums(this.ended, ended);
    for (const ns of openedNs) this.#openedNs.push(ns);
    for (const ns of endedNs) this.#endedNs.push(ns);
  }

  /** The most that were open at one time, the moments of their heads and ends included. */
  get maxOpen(): number {
    const opened = Float64Array.from(this.#openedNs).sort();
    const ended = Float64Array.from(this.#endedNs).sort();
    let most = 0;
    let over = 0;
    opened.forEach((openedNs, i) => {
      while ((ended[over] as number) < openedNs) over++;
      most = Math.max(most, i + 1 - over);
    });
    return most;
  }
}

function endOf({ outcome }: Operation, disposition: Disposition): EndlessEnd {
  if (disposition === 'cut_off') return 'cut_off';
  if (outcome?.isCancelled === true) return 'cancelled_as_recorded';
  if (outcome?.failure === 'timeout') return 'timeout';
  return outcome?.failure === undefined ? 'by_server' : 'broken';
}

function recordTimes(metrics: EndlessMetrics, { outcome, sentNs, firstAnswerNs, doneNs }: Operation): void {
  const endless = outcome?.endless;
  if (endless === undefined || sentNs === undefined) return;
  const { eventNs, untimed } = endless;
  let lastNs = firstAnswerNs ?? sentNs;
  let longestNs = 0;
  eventNs.forEach((ns, i) => {
    if (i === 0) metrics.firstEvent.record(ns - sentNs);
    else metrics.eventGap.record(ns - lastNs);
    longestNs = Math.max(longestNs, ns - lastNs);
    lastNs = ns;
  });
  // Behind the last of those whose time is kept there were others.
  if (untimed === 0 && doneNs !== undefined) longestNs = Math.max(longestNs, doneNs - lastNs);
  metrics.silence.record(longestNs);
}
