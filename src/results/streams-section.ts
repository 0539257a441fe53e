import type { Histogram } from './histogram.ts';
import { NS_PER_US, opKey, percentiles } from './percentiles.ts';
import type { LatencySection, StreamsSection } from './results-document.ts';
import type { ResultsRecorder } from './results-recorder.ts';
import { StreamMetrics } from './stream-metrics.ts';

/** What became of the messages of streams; null where the plan has no stream. */
export function streamsSection({ streams, overall, ops }: ResultsRecorder): StreamsSection | null {
  const { operations, left, planned, sent, unsent, recorded, received, untimed } = streams;
  if (operations === 0) return null;
  const none = new StreamMetrics();
  const section = (pick: (metrics: StreamMetrics) => Histogram): LatencySection => ({
    overall: percentiles(pick(overall.stream ?? none), NS_PER_US),
    ...Object.fromEntries(
      ops
        .entries()
        .flatMap(([op, { stream }]) =>
          stream === undefined ? [] : [[opKey(op), percentiles(pick(stream), NS_PER_US)]],
        ),
    ),
  });
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

/** The histograms of the messages of streams, under their names in a document. */
export function streamHistograms({ overall, ops }: ResultsRecorder): Record<StreamHistogram, Encoded> {
  const none = new StreamMetrics();
  const encoded = (pick: (metrics: StreamMetrics) => Histogram): Encoded => ({
    overall: pick(overall.stream ?? none).encode(),
    ...Object.fromEntries(
      ops
        .entries()
        .flatMap(([op, { stream }]) => (stream === undefined ? [] : [[opKey(op), pick(stream).encode()]])),
    ),
  });
  return {
    message_send_error: encoded((metrics) => metrics.messageSendError),
    message_lateness: encoded((metrics) => metrics.messageLateness),
    received_gap: encoded((metrics) => metrics.receivedGap),
    recorded_gap: encoded((metrics) => metrics.recordedGap),
  };
}

type StreamHistogram = 'message_send_error' | 'message_lateness' | 'received_gap' | 'recorded_gap';
type Encoded = { overall: string; [op: string]: string };
