import type { Histogram } from '../histogram/histogram.ts';
import type { ResultsRecorder } from '../tally/results-recorder.ts';
import { StreamMetrics } from '../tally/stream-metrics.ts';
import type { LatencySection } from './latency-section.ts';
import { NS_PER_US, percentiles } from './percentiles.ts';

/** The messages of gRPC streams. */
export interface StreamsSection {
  /** Operations of the plan that are streams. */
  operations: number;
  /** How many of these streams left. */
  left: number;
  /** Messages of the recorded clients: planned = sent + unsent. */
  messages_planned: number;
  messages_sent: number;
  messages_unsent: number;
  /** Messages of the servers in the streams that left: in the recording, and now. */
  messages_recorded: number;
  messages_received: number;
  /** How many of the received messages were too many in one stream for their times to be kept. */
  messages_untimed: number;
  /** Of the messages sent: actual send less (the stream's due time + scaled offset). */
  message_send_error_us: LatencySection;
  /** Actual send less (the stream's actual send + scaled offset). */
  message_lateness_us: LatencySection;
  /** From one message of a server to the next: now, and in the recording of the same streams, not scaled. */
  received_gap_us: LatencySection;
  recorded_gap_us: LatencySection;
}

/** Makes the section about the messages of streams; null where the plan has no stream. */
export function streamsSection({ streams, overall, ops }: ResultsRecorder): StreamsSection | null {
  const { operations, left, planned, sent, unsent, recorded, received, untimed } = streams;
  if (operations === 0) return null;
  const section = (pick: (metrics: StreamMetrics) => Histogram): LatencySection =>
    byOp({ overall, ops }, (metrics) => percentiles(pick(metrics), NS_PER_US));
  return {
    operations,
    left,
    messages_planned: planned,
    messages_sent: sent,
    messages_unsent: unsent,
    messages_recorded: recorded,
    messages_received: received,
    messages_untimed: untimed,
    message_send_error_us: section((metrics) => metrics.messageSendError),
    message_lateness_us: section((metrics) => metrics.messageLateness),
    received_gap_us: section((metrics) => metrics.receivedGap),
    recorded_gap_us: section((metrics) => metrics.recordedGap),
  };
}

/** Gives the histograms of the messages of streams by their names in a document. */
export function streamHistograms(recorder: ResultsRecorder): Record<StreamHistogram, ByOp<string>> {
  const encoded = (pick: (metrics: StreamMetrics) => Histogram): ByOp<string> =>
    byOp(recorder, (metrics) => pick(metrics).encode());
  return {
    message_send_error: encoded((metrics) => metrics.messageSendError),
    message_lateness: encoded((metrics) => metrics.messageLateness),
    received_gap: encoded((metrics) => metrics.receivedGap),
    recorded_gap: encoded((metrics) => metrics.recordedGap),
  };
}

type StreamHistogram = 'message_send_error' | 'message_lateness' | 'received_gap' | 'recorded_gap';
type ByOp<T> = { overall: T; [op: string]: T };

function byOp<T>(
  { overall, ops }: Pick<ResultsRecorder, 'overall' | 'ops'>,
  of: (metrics: StreamMetrics) => T,
): ByOp<T> {
  const own = ops
    .entries()
    .flatMap(([op, { stream }]): [string, T][] => (stream === undefined ? [] : [[op, of(stream)]]));
  return { overall: of(overall.stream ?? new StreamMetrics()), ...Object.fromEntries(own) };
}
