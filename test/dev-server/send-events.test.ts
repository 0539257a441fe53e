import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { EventSink } from '../../src/dev-server/http/events/event-stream.ts';
import { pacedEvents } from '../../src/dev-server/http/events/paced-events.ts';
import { KEEP_ALIVE_MS, sendEvents } from '../../src/dev-server/http/events/send-events.ts';

/** What is asked of a response, without a socket. */
class Response extends EventEmitter {
  destroyed = false;
  writableNeedDrain = false;
  written: string[] = [];
  write(text: string): void {
    this.written.push(text);
  }
  take(): string[] {
    return this.written.splice(0);
  }
}

function start(whenFree = (resume: () => void) => resume()) {
  const response = new Response();
  let sink: EventSink | undefined;
  let stops = 0;
  const stream = {
    sessionId: 's',
    open(given: EventSink) {
      sink = given;
      return () => void stops++;
    },
  };
  sendEvents(response as unknown as ServerResponse, stream, whenFree);
  assert.ok(sink);
  return { response, sink, stops: () => stops };
}

test('a stream that is silent gets a comment after 15 s, and nothing after its client has gone', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { response, stops } = start();
  t.mock.timers.tick(KEEP_ALIVE_MS - 1);
  assert.deepEqual(response.take(), []);
  t.mock.timers.tick(1);
  assert.deepEqual(response.take(), [':\n\n']);
  response.destroyed = true;
  response.emit('close');
  t.mock.timers.tick(10 * KEEP_ALIVE_MS);
  assert.deepEqual([response.take(), stops()], [[], 1]);
});

test('a client that reads slowly is told how many events it missed', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { response, sink } = start();
  sink.send({ id: 1, event: 'a', data: { n: 1 } });
  assert.deepEqual(response.take(), ['id: 1\nevent: a\ndata: {"n":1}\n\n']);
  response.writableNeedDrain = true;
  for (let n = 2; n <= 1102; n++) sink.send({ id: n, event: 'a', data: {} });
  assert.deepEqual(response.take(), []);
  response.writableNeedDrain = false;
  response.emit('drain');
  const [warning, first, ...rest] = response.take();
  assert.match(
    warning ?? '',
    /^event: warning\ndata: \{"warning":"101 events [^"]*","session_id":"s"\}\n\n$/,
  );
  assert.match(first ?? '', /^id: 103\n/);
  assert.equal(rest.length, 999);
  response.emit('close');
});

test('a stall holds events back, in their order', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const held: (() => void)[] = [];
  const { response, sink } = start((resume) => void held.push(resume));
  for (let n = 1; n <= 3; n++) sink.send({ id: n, event: 'a', data: {} });
  sink.comment('still here');
  assert.deepEqual([response.take(), held.length], [[], 1]);
  held[0]?.();
  assert.deepEqual(
    response.take().map((text) => text.split('\n')[0]),
    ['id: 1', 'id: 2', 'id: 3', ': still here'],
  );
  response.emit('close');
});

test('a synthetic stream takes its first turn at once and pauses as its turns say', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let turns = 0;
  const sent: unknown[] = [];
  const stream = pacedEvents('s', () => {
    turns++;
    return { event: turns === 2 ? undefined : { event: 'e', data: { turns } }, pauseMs: 100 * turns };
  });
  const stop = stream.open({ send: ({ data }) => void sent.push(data['turns']), comment: () => undefined });
  assert.deepEqual(sent, [1]);
  t.mock.timers.tick(100);
  t.mock.timers.tick(199);
  assert.deepEqual([sent, turns], [[1], 2]);
  t.mock.timers.tick(1);
  assert.deepEqual(sent, [1, 3]);
  stop();
  t.mock.timers.tick(10_000);
  assert.equal(turns, 3);
});
