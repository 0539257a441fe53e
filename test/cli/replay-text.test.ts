import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summaryText } from '../../src/cli/replay-text.ts';
import { unknownOutcome } from '../../src/trace/record.ts';
import { ANCHOR_NS, documentOf, MS, type Told } from '../results/support.ts';
import { streamWith } from '../support/stream-transport.ts';

const PLAIN: Told[] = Array.from({ length: 20 }, (_, i) => ({
  dueNs: i * 10 * MS,
  sentNs: i * 10 * MS,
  doneNs: (i * 10 + 1) * MS,
}));

/** Two messages of three left, the second of them 4 ms late; the server's came 20 ms apart, recorded 15 ms. */
const STREAM: Told = {
  record: { protocol: 'grpc', op: 'chat', stream: streamWith([0, 5 * MS, 9 * MS], [0, 15 * MS]) },
  dueNs: 300 * MS,
  sentNs: 300 * MS,
  doneNs: 340 * MS,
  outcome: {
    status: 0,
    stream: {
      timeScale: 1,
      sentNs: Float64Array.of(ANCHOR_NS + 300 * MS, ANCHOR_NS + 309 * MS),
      receivedNs: Float64Array.of(ANCHOR_NS + 310 * MS, ANCHOR_NS + 330 * MS),
      untimed: 0,
    },
  },
};

describe('what a run came to, for people', () => {
  it('has a line for the messages of streams', () => {
    const lines = summaryText(documentOf([...PLAIN, STREAM])).split('\n');
    assert.deepEqual(
      lines.filter((line) => line.startsWith('messages')),
      ['messages of streams: sent 2 of 3, late p99 4 ms   received gap p50 20 ms (recorded 15 ms)'],
    );
  });

  it('says of each op what came in place of which answer, and where nobody can know', () => {
    const answered = (recorded: number | undefined, status: number | undefined, count: number): Told[] =>
      PLAIN.slice(0, count).map((told) => ({
        ...told,
        record: { op: 'get', outcome: { ...unknownOutcome(), status: recorded } },
        outcome: { status, ok: status === 200, failure: status === undefined ? 'timeout' : undefined },
        disposition: status === 200 ? 'ok' : 'error',
      }));
    const linesOf = (told: Told[]) => summaryText(documentOf(told)).split('\n');
    const some = [...answered(200, 404, 5), ...answered(200, undefined, 2), ...answered(200, 200, 13)];
    const lines = linesOf(some);
    const at = lines.findIndex((line) => line.startsWith('answers'));
    assert.deepEqual(lines.slice(at, at + 3), [
      'answers: 7 of 20 of another status class than recorded (35 %)',
      '  get: 5 of 20 answered 4xx where the recording has 2xx',
      '  get: 2 of 20 got no answer where the recording has 2xx',
    ]);
    assert.doesNotMatch(linesOf(answered(200, 200, 20)).join('\n'), /answers/);
    assert.ok(
      linesOf([...answered(undefined, 404, 11), ...answered(200, 200, 9)]).includes(
        'answers: the recording has no status of 11 of 20 operations; whether they are as recorded is not known',
      ),
    );
  });

  it('has none where there were no streams, and no numbers where nothing left', () => {
    assert.doesNotMatch(summaryText(documentOf(PLAIN)), /messages of streams/);
    const unsent: Told = { ...STREAM, sentNs: undefined, doneNs: undefined, disposition: 'shed' };
    assert.match(
      summaryText(documentOf([...PLAIN, unsent])),
      /streams: sent 0 of 3, late p99 - {3}received gap p50 - \(recorded -\)/,
    );
  });
});
