import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Disposition, EndlessTimes, SendOutcome } from '../../../src/replay/ports.ts';
import type { EndlessSection } from '../../../src/results/document/endless-section.ts';
import type { Percentiles } from '../../../src/results/document/latency-section.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import { decodeHistogram } from '../../../src/results/histogram/hdr-library.ts';
import { ANCHOR_NS, documentOf, MS, type Told } from '../support.ts';

interface ToldAnswer {
  sentMs: number;
  headMs: number;
  /** Undefined: nothing tells its events apart. */
  eventMs?: number[];
  untimed?: number;
  comments?: number;
  doneMs: number;
  op?: string;
  outcome?: Partial<SendOutcome>;
  disposition?: Disposition;
}

/** An endless answer; times in ms after the anchor. */
function endless(given: ToldAnswer): Told {
  const { sentMs, headMs, eventMs, untimed = 0, comments = 0, doneMs, op = 'stream' } = given;
  const times: EndlessTimes = {
    areEventsKnown: eventMs !== undefined,
    eventNs: Float64Array.from(eventMs ?? [], (ms) => ANCHOR_NS + ms * MS),
    untimed,
    comments,
  };
  return {
    record: { op, durationNs: 3000 * MS },
    dueNs: sentMs * MS,
    sentNs: sentMs * MS,
    firstAnswerNs: headMs * MS,
    doneNs: doneMs * MS,
    outcome: { responseBytes: 100, ...given.outcome, endless: times },
    disposition: given.disposition ?? 'ok',
  };
}

/** Plain operations of 1 ms. */
const PLAIN: Told[] = Array.from({ length: 50 }, (_, i) => ({
  dueNs: i * 10 * MS,
  sentNs: i * 10 * MS,
  doneNs: (i * 10 + 1) * MS,
}));

function sectionOf({ endless_answers: section }: ResultsDocument): EndlessSection {
  assert.ok(section !== null);
  return section;
}

const failed = (failure: SendOutcome['failure']) => ({ ok: false, failure });

describe('endless answers in a results document', () => {
  it('are null where none came', () => {
    const { endless_answers, histograms } = documentOf(PLAIN);
    assert.equal(endless_answers, null);
    assert.equal(decodeHistogram(histograms.event_gap['overall'] as string).count, 0);
  });

  it('are counted with their events, their gaps and how each ended', () => {
    const document = documentOf([
      ...PLAIN,
      endless({ sentMs: 0, headMs: 2, eventMs: [12, 112, 412], comments: 3, doneMs: 500 }),
      endless({
        ...{ sentMs: 100, headMs: 101, eventMs: [], doneMs: 3100, op: 'watch' },
        outcome: { isCancelled: true },
      }),
      endless({
        ...{ sentMs: 200, headMs: 203, eventMs: [210], untimed: 7, doneMs: 30_200 },
        ...{ outcome: failed('timeout'), disposition: 'error' },
      }),
      endless({
        ...{ sentMs: 300, headMs: 301, doneMs: 400 },
        ...{ outcome: failed('connection_closed'), disposition: 'error' },
      }),
      endless({
        ...{ sentMs: 4000, headMs: 4001, eventMs: [4001], doneMs: 9000 },
        ...{ outcome: failed('cancelled'), disposition: 'cut_off' },
      }),
    ]);
    const { ended, first_event_ms, event_gap_ms, longest_silence_ms, ...counts } = sectionOf(document);
    assert.deepEqual(counts, {
      answers: 5,
      max_open: 4,
      response_bytes: 500,
      events_unknown: 1,
      events: 12,
      events_untimed: 7,
      comments: 3,
    });
    assert.deepEqual(ended, { by_server: 1, cancelled_as_recorded: 1, timeout: 1, cut_off: 1, broken: 1 });
    const of = (section: object, op: string): (number | null)[] => {
      const { count, min, max } = (section as Record<string, Percentiles>)[op] as Percentiles;
      return [count, min, max];
    };
    assert.deepEqual(of(first_event_ms, 'overall'), [3, 1, 12]);
    assert.deepEqual(of(event_gap_ms, 'stream'), [2, 100, 300]);
    assert.deepEqual(of(event_gap_ms, 'watch'), [0, null, null]);
    // Head to event, event to event, event to end; of the one with 7 more events nobody knows what follows the first.
    assert.deepEqual(of(longest_silence_ms, 'overall'), [4, 7, 4999]);
    assert.deepEqual(of(longest_silence_ms, 'watch'), [1, 2999, 2999]);
    assert.equal(decodeHistogram(document.histograms.event_gap['stream'] as string).count, 2);
  });

  it('are in no latency but that of the first answer, however they end, and in every count', () => {
    const document = documentOf([
      ...PLAIN,
      endless({ sentMs: 0, headMs: 2, eventMs: [3], doneMs: 50_000 }),
      endless({ sentMs: 10, headMs: 12, doneMs: 60_000, outcome: { isCancelled: true } }),
      endless({
        ...{ sentMs: 20, headMs: 22, eventMs: [], doneMs: 70_000 },
        ...{ outcome: failed('timeout'), disposition: 'error' },
      }),
    ]);
    const { latency, service_latency, recorded_latency, first_answer_latency, windows, operations } =
      document;
    for (const section of [latency, service_latency]) {
      assert.deepEqual([section.overall.count, section.overall.max], [50, 1]);
      assert.equal((section['stream'] as Percentiles).count, 0);
    }
    assert.equal(recorded_latency.overall.count, 0, 'plain operations have no recorded duration here');
    assert.deepEqual([first_answer_latency.overall.count, first_answer_latency.overall.max], [53, 2]);
    assert.equal(Math.max(...windows.map(({ max }) => max ?? 0)), 1);
    const { ops: _, ...all } = operations;
    assert.deepEqual(all, { total: 53, successful: 52, failed: 1, cancelled: 1 });
    assert.equal(windows[0]?.ops, 53);
    assert.deepEqual(
      document.errors.map(({ code, op }) => [code, op]),
      [['timeout', 'stream']],
    );
    assert.equal(document.summary.duration_secs, 70);
    assert.equal(document.status_classes.recorded_unknown, 53);
    assert.equal(document.histograms.response['stream'] !== undefined, true);
  });

  it('have no number of events where nothing tells events apart', () => {
    const section = sectionOf(documentOf([...PLAIN, endless({ sentMs: 0, headMs: 2, doneMs: 900 })]));
    assert.deepEqual([section.answers, section.events_unknown, section.response_bytes], [1, 1, 100]);
    assert.deepEqual([section.events, section.events_untimed, section.comments], [null, null, null]);
    assert.equal(section.longest_silence_ms.overall.count, 0);
  });
});
