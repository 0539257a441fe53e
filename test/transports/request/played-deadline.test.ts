import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { playedDeadlineNs } from '../../../src/transports/request/played-deadline.ts';
import {
  createGrpcCallContext,
  prepareGrpcCall,
} from '../../../src/transports/wire-grpc/prepare-grpc-call.ts';
import { makeRecord } from '../../support/make-record.ts';
import { streamWith } from '../../support/stream-transport.ts';

describe('the deadline of a replayed call', () => {
  const unary = makeRecord(0, { protocol: 'grpc', path: '/a.B/C', deadlineNs: 1e9 });
  const stream = { ...unary, stream: streamWith([0, 0.7e9]) };

  it('grows with the gaps of a stream that is played slower, and never shrinks', () => {
    const played = [0.25, 0.5, 1, 2, 100].map((timeScale) => playedDeadlineNs(stream, timeScale));
    assert.deepEqual(played, [4e9, 2e9, 1e9, 1e9, 1e9]);
    const longest = { ...stream, deadlineNs: Number.MAX_SAFE_INTEGER };
    assert.equal(playedDeadlineNs(longest, 0.5), Number.MAX_SAFE_INTEGER);
  });

  it('is that of the recording for a call of one message, and none where there was none', () => {
    assert.deepEqual(
      [0.25, 1, 100].map((timeScale) => playedDeadlineNs(unary, timeScale)),
      [1e9, 1e9, 1e9],
    );
    assert.equal(playedDeadlineNs({ ...stream, deadlineNs: undefined }, 0.5), undefined);
  });

  it('is told to the server as it is kept, phase by phase', () => {
    const context = createGrpcCallContext({ scheme: 'http', authority: 'a:1', metadata: [] });
    for (const timeScale of [0.5, 1, 0.5]) {
      const { deadlineNs, head } = prepareGrpcCall(stream, context, timeScale);
      assert.equal(deadlineNs, 1e9 / timeScale);
      const fresh = createGrpcCallContext({ scheme: 'http', authority: 'a:1', metadata: [] });
      assert.deepEqual(head, prepareGrpcCall({ ...stream, deadlineNs }, fresh).head);
    }
  });
});
