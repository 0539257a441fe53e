import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summaryText } from '../../src/cli/replay-text.ts';
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

  it('has none where there were no streams, and no numbers where nothing left', () => {
    assert.doesNotMatch(summaryText(documentOf(PLAIN)), /messages of streams/);
    const unsent: Told = { ...STREAM, sentNs: undefined, doneNs: undefined, disposition: 'shed' };
    assert.match(
      summaryText(documentOf([...PLAIN, unsent])),
      /streams: sent 0 of 3, late p99 - {3}received gap p50 - \(recorded -\)/,
    );
  });
});
