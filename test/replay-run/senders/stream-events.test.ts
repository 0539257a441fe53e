import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndlessTimes, Operation, StreamTimes } from '../../../src/replay/ports.ts';
import { type EventChunk, EventCursor } from '../../../src/replay-run/senders/event-columns.ts';
import { EventLog } from '../../../src/replay-run/senders/event-log.ts';
import { OpenOperation } from '../../../src/replay-run/senders/open-operation.ts';
import { makeOperation } from '../../replay-log/support.ts';
import { makeRecord, outcome } from '../../results/support.ts';
import { streamWith } from '../../support/stream-transport.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

function timesOf(sent: number, received: number): StreamTimes {
  const times = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => i * 1000);
  return { timeScale: 2, sentNs: times(sent), receivedNs: times(received), untimed: 1 };
}

function streaming(number: number, times: StreamTimes | undefined): Operation {
  const ended = times === undefined ? outcome() : outcome({ stream: times });
  return makeOperation(number, { outcome: ended });
}

function told(operations: readonly Operation[]): EventChunk[] {
  const chunks: EventChunk[] = [];
  const log = new EventLog(createVirtualClock(), (chunk) => chunks.push(structuredClone(chunk)));
  for (const operation of operations) log.onSettled(operation, 'ok', 0);
  log.close();
  return chunks;
}

describe('events of streams', () => {
  it('bring the times of their messages, and other operations bring none', () => {
    const given = [timesOf(3, 0), undefined, timesOf(0, 2)];
    const [chunk] = told(given.map((times, i) => streaming(i, times)));
    assert.equal(chunk?.streams.length, 2);
    const cursor = new EventCursor(chunk as EventChunk);
    for (const times of given) {
      const read = new OpenOperation(makeRecord(), cursor.operation, 0, 0, 0);
      cursor.copyTo(read);
      assert.deepEqual(read.outcome?.stream, times);
      assert.equal('stream' in (read.outcome ?? {}), times !== undefined);
      cursor.advance();
    }
  });

  it('leave early where they have many messages', () => {
    const chunks = told(Array.from({ length: 10 }, (_, i) => streaming(i, timesOf(10_000, 10_000))));
    assert.ok(chunks.length >= 4, `${chunks.length} chunks`);
    const streams = chunks.map((chunk) => chunk.streams.length);
    assert.equal(
      streams.reduce((sum, count) => sum + count, 0),
      10,
    );
    assert.ok(Math.max(...streams) <= 2);
  });

  it('are held against what was recorded, of which the bytes are let go', () => {
    const record = makeRecord({ protocol: 'grpc', stream: streamWith([0, 5], [3]) });
    const { stream } = new OpenOperation(record, 0, 0, 0, 0).record;
    assert.deepEqual(
      stream?.messages.map(({ fromServer, offsetNs, data }) => [fromServer, offsetNs, data.length]),
      [
        [false, 0, 0],
        [false, 5, 0],
        [true, 3, 0],
      ],
    );
  });
});

it('events of senders: endless answers bring the times of their events, and leave early where they have many', () => {
  const answerOf = (events: number): EndlessTimes => ({
    areEventsKnown: events > 0,
    eventNs: Float64Array.from({ length: events }, (_, i) => i),
    untimed: events > 1 ? 5 : 0,
    comments: events,
  });
  const given = [answerOf(2), undefined, answerOf(0), answerOf(20_000), answerOf(20_000), answerOf(1)];
  const chunks = told(
    given.map((endless, i) =>
      makeOperation(i, {
        outcome: outcome(endless === undefined ? {} : { endless, isCancelled: i % 2 === 0 }),
      }),
    ),
  );
  assert.equal(chunks.length, 2);
  const read = chunks.flatMap((chunk) => {
    const seen: Operation[] = [];
    for (const cursor = new EventCursor(chunk); !cursor.isAtEnd; cursor.advance()) {
      const operation = new OpenOperation(makeRecord(), cursor.operation, 0, 0, 0);
      cursor.copyTo(operation);
      seen.push(operation);
    }
    return seen;
  });
  assert.deepEqual(
    read.map((operation) => operation.outcome?.endless),
    given,
  );
  assert.equal('endless' in (read[1]?.outcome ?? {}), false);
});

it('events of senders: what was cancelled as recorded is told so, well or not, and nothing else is', () => {
  const given = [true, false].flatMap((ok) => [
    outcome({ ok, isCancelled: true }),
    outcome({ ok }),
    outcome({ ok: false, failure: 'cancelled' }),
  ]);
  const [chunk] = told(given.map((ended, i) => makeOperation(i, { outcome: ended })));
  const cursor = new EventCursor(chunk as EventChunk);
  for (const { ok, failure, isCancelled } of given) {
    const read = new OpenOperation(makeRecord(), cursor.operation, 0, 0, 0);
    cursor.copyTo(read);
    assert.deepEqual(
      [read.outcome?.ok, read.outcome?.failure, read.outcome?.isCancelled],
      [ok, failure, isCancelled],
    );
    cursor.advance();
  }
});
