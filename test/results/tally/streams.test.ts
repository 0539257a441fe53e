import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StreamTimes } from '../../../src/replay/ports.ts';
import type { Percentiles } from '../../../src/results/document/latency-section.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import type { StreamsSection } from '../../../src/results/document/streams-section.ts';
import { decodeHistogram } from '../../../src/results/histogram/hdr-library.ts';
import { streamWith } from '../../support/stream-transport.ts';
import { ANCHOR_NS, documentOf, MS, type Told } from '../support.ts';

interface ToldStream {
  dueMs: number;
  sentMs: number | undefined;
  op?: string;
  timeScale?: number;
  /** Recorded offsets of both sides. */
  clientMs: number[];
  serverMs?: number[];
  /** Ms after the anchor. */
  leftMs?: number[];
  cameMs?: number[];
  untimed?: number;
}

function toldStream(given: ToldStream): Told {
  const { dueMs, sentMs, op = 'chat', timeScale = 1, clientMs, serverMs = [] } = given;
  const at = (ms: number[] = []): Float64Array => Float64Array.from(ms, (each) => ANCHOR_NS + each * MS);
  const stream: StreamTimes = {
    timeScale,
    sentNs: at(given.leftMs),
    receivedNs: at(given.cameMs),
    untimed: given.untimed ?? 0,
  };
  const ns = (ms: number[]): number[] => ms.map((each) => each * MS);
  return {
    record: { op, protocol: 'grpc', stream: streamWith(ns(clientMs), ns(serverMs)) },
    dueNs: dueMs * MS,
    sentNs: sentMs === undefined ? undefined : sentMs * MS,
    doneNs: sentMs === undefined ? undefined : (sentMs + 900) * MS,
    disposition: sentMs === undefined ? 'shed' : 'ok',
    outcome: { status: 0, stream },
  };
}

function sectionOf({ streams }: ResultsDocument): StreamsSection {
  assert.ok(streams !== null);
  return streams;
}

function reasonsOf({ fidelity }: ResultsDocument): string[] {
  return fidelity.reasons.map(({ code }) => code).filter((code) => code.startsWith('stream'));
}

/** Plain operations, so that the arrivals are not what is judged. */
const PLAIN: Told[] = Array.from({ length: 50 }, (_, i) => ({
  dueNs: i * 10 * MS,
  sentNs: i * 10 * MS,
  doneNs: (i * 10 + 1) * MS,
}));

describe('streams in a results document', () => {
  it('are null where the plan has none', () => {
    const { streams, histograms } = documentOf(PLAIN);
    assert.equal(streams, null);
    assert.equal(decodeHistogram(histograms.message_send_error['overall'] as string).count, 0);
  });

  it('count every message from the due time of its stream, with the offset scaled', () => {
    const document = documentOf([
      ...PLAIN,
      // Due at 500, sent at 503; its messages due at 500, 520, 560 (offsets 0, 40, 120 at twice the speed).
      toldStream({
        dueMs: 500,
        sentMs: 503,
        timeScale: 2,
        clientMs: [0, 40, 120],
        serverMs: [10, 50, 150],
        leftMs: [503, 524, 563],
        cameMs: [510, 530, 590],
      }),
      toldStream({
        dueMs: 600,
        sentMs: 600,
        op: 'watch',
        clientMs: [0, 10],
        serverMs: [5],
        leftMs: [600],
        untimed: 2,
        cameMs: [601],
      }),
      toldStream({ dueMs: 700, sentMs: undefined, clientMs: [0, 1, 2] }),
    ]);
    const section = sectionOf(document);
    assert.deepEqual(
      [section.operations, section.left, section.messages_planned, section.messages_sent],
      [3, 2, 8, 4],
    );
    assert.deepEqual(
      [
        section.messages_unsent,
        section.messages_recorded,
        section.messages_received,
        section.messages_untimed,
      ],
      [4, 4, 6, 2],
    );
    const { overall, chat, watch } = section.message_send_error_us as Record<string, Percentiles>;
    assert.deepEqual([overall?.count, overall?.min, overall?.max], [4, 0, 4000]);
    assert.deepEqual([chat?.min, chat?.mean, chat?.max], [3000, (10_000 / 3).toFixed(6), 4000].map(Number));
    assert.deepEqual([watch?.count, watch?.max], [1, 0]);
    const lateness = section.message_lateness_us['chat'] as Percentiles;
    assert.deepEqual([lateness.min, lateness.max], [0, 1000], 'without the error of the stream itself');
    const received = section.received_gap_us['chat'] as Percentiles;
    const recorded = section.recorded_gap_us['chat'] as Percentiles;
    assert.deepEqual([received.count, received.min, received.max], [2, 20_000, 60_000]);
    assert.deepEqual([recorded.count, recorded.min, recorded.max], [2, 40_000, 100_000], 'not scaled');
    assert.equal((section.received_gap_us['watch'] as Percentiles).count, 0);
    const decoded = decodeHistogram(document.histograms.recorded_gap['chat'] as string);
    assert.equal(decoded.count, 2);
    assert.equal(document.fidelity.accounting.closes, true);
  });

  it('lower the verdict when messages leave late, or not at all', () => {
    const late = (lateMs: number, left = 3): Told[] => [
      ...PLAIN,
      toldStream({
        dueMs: 500,
        sentMs: 500,
        clientMs: [0, 100, 200],
        leftMs: [0, 100, 200].slice(0, left).map((ms) => 500 + ms + lateMs),
      }),
    ];
    const fine = documentOf(late(1));
    assert.deepEqual(reasonsOf(fine), []);
    const median = documentOf(late(3));
    assert.deepEqual(reasonsOf(median), ['stream_message_late_p50']);
    assert.equal(median.fidelity.verdict, 'degraded');
    const far = documentOf(late(10_000));
    assert.deepEqual(reasonsOf(far), ['stream_message_late_p99', 'stream_message_late_p50']);
    assert.equal(far.fidelity.verdict, 'degraded', 'the server may be the one that holds them back');
    assert.deepEqual(reasonsOf(documentOf(late(0, 2))), ['stream_messages_unsent']);
  });

  it('leave the accounting open when more messages left than there were', () => {
    const { fidelity } = documentOf([
      ...PLAIN,
      toldStream({ dueMs: 500, sentMs: 500, clientMs: [0], leftMs: [500, 501] }),
    ]);
    assert.equal(fidelity.accounting.closes, false);
    assert.equal(fidelity.verdict, 'invalid');
  });
});
