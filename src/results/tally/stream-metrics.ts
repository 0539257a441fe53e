import type { Operation } from '../../replay/ports.ts';
import { recordedOffsets, scaledOffset } from '../../replay/stream-offsets.ts';
import { Histogram } from '../histogram/histogram.ts';
import { addHistograms, drainHistograms, type HistogramParts } from '../histogram/histogram-parts.ts';

/** Keeps the times of the messages of streams: of one operation name, or of all. */
export class StreamMetrics {
  /** The client's messages: actual send less due time, which is the stream's own and the message's scaled offset. */
  readonly messageSendError = new Histogram();
  /** Actual send less the moment that lies as long after the actual send of the stream: without the stream's own error. */
  readonly messageLateness = new Histogram();
  /** Between one message of the server and the next, as they came. */
  readonly receivedGap = new Histogram();
  /** The gaps in the recording of the same streams, not scaled. */
  readonly recordedGap = new Histogram();

  /** Takes out what was recorded since the last drain. */
  drain(): StreamMetricsPart {
    return drainHistograms<StreamHistogramName>(this, STREAM_HISTOGRAM_NAMES);
  }

  addPart(part: StreamMetricsPart): void {
    addHistograms<StreamHistogramName>(this, part);
  }

  /** Adds the metrics of other streams. */
  addAll(other: StreamMetrics): void {
    for (const name of STREAM_HISTOGRAM_NAMES) this[name].add(other[name]);
  }
}

/** The histograms of `StreamMetrics`, by name. */
export const STREAM_HISTOGRAM_NAMES = [
  'messageSendError',
  'messageLateness',
  'receivedGap',
  'recordedGap',
] as const;

/** What was recorded since stream metrics were drained last. */
export type StreamMetricsPart = HistogramParts<StreamHistogramName>;

type StreamHistogramName = (typeof STREAM_HISTOGRAM_NAMES)[number];

/** How many messages of streams left and came. */
export interface StreamCounts {
  /** Operations of the plan that are streams. */
  operations: number;
  /** How many of these streams left. */
  left: number;
  /** The client's messages in all of them: planned = sent + unsent. */
  planned: number;
  sent: number;
  unsent: number;
  /** The server's messages of those that left: in the recording, and now. */
  recorded: number;
  received: number;
  /** How many of the received messages were too many in one stream for their times to be kept. */
  untimed: number;
}

/** The names of stream counts. */
export const STREAM_COUNT_NAMES = [
  'operations',
  'left',
  'planned',
  'sent',
  'unsent',
  'recorded',
  'received',
  'untimed',
] as const;

export function emptyStreamCounts(): StreamCounts {
  return {
    operations: 0,
    left: 0,
    planned: 0,
    sent: 0,
    unsent: 0,
    recorded: 0,
    received: 0,
    untimed: 0,
  };
}

/**
 * Counts one stream that was settled. The gaps and the errors of its messages go into `metrics`; a stream that never left
 * has none (undefined), and all of its messages are unsent.
 */
export function countStream(
  counts: StreamCounts,
  metrics: StreamMetrics | undefined,
  operation: Operation,
): void {
  const { record, outcome, sentNs } = operation;
  if (record.stream === undefined) return;
  const planned = recordedOffsets(record.stream, false);
  const times = sentNs === undefined ? undefined : outcome?.stream;
  const sent = times?.sentNs.length ?? 0;
  counts.operations++;
  counts.planned += planned.length;
  counts.sent += sent;
  // More sent than planned leaves the sum open, and is told.
  counts.unsent += Math.max(0, planned.length - sent);
  if (sentNs === undefined) return;
  const recorded = recordedOffsets(record.stream, true);
  counts.left++;
  counts.recorded += recorded.length;
  counts.received += (times?.receivedNs.length ?? 0) + (times?.untimed ?? 0);
  counts.untimed += times?.untimed ?? 0;
  if (metrics === undefined) return;
  recordSends(metrics, operation, planned);
  recordGaps(metrics.recordedGap, recorded);
  if (times !== undefined) recordGaps(metrics.receivedGap, times.receivedNs);
}

function recordSends(metrics: StreamMetrics, operation: Operation, planned: Float64Array): void {
  const { dueNs, sentNs = dueNs, outcome } = operation;
  const times = outcome?.stream;
  if (times === undefined) return;
  times.sentNs.forEach((leftNs, i) => {
    const afterNs = scaledOffset(planned[i] ?? Number.NaN, times.timeScale);
    metrics.messageSendError.record(leftNs - dueNs - afterNs);
    metrics.messageLateness.record(leftNs - sentNs - afterNs);
  });
}

function recordGaps(gaps: Histogram, times: Float64Array): void {
  for (let i = 1; i < times.length; i++) gaps.record((times[i] as number) - (times[i - 1] as number));
}
