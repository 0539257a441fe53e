import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { answerCalls } from '../../../bench/peers/sink/answer-calls.ts';
import { ArrivalLog, monotonicS } from '../../../bench/peers/sink/arrival-log.ts';

test('the server of the bench answers every call that ended, each with an empty message and status 0', async () => {
  let calls = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    answerCalls(socket, () => {
      calls += 1;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ask = async (): Promise<{ status: unknown; trailer: unknown; bytes: number }> => {
    const stream = client.request({
      ':method': 'POST',
      ':path': '/a.B/C',
      'content-type': 'application/grpc',
    });
    let bytes = 0;
    let trailer: unknown;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('trailers', (trailers) => {
      trailer = trailers['grpc-status'];
    });
    stream.end(Buffer.alloc(3000));
    const [[head]] = await Promise.all([once(stream, 'response'), once(stream, 'close')]);
    return { status: head[':status'], trailer, bytes };
  };
  const answers = await Promise.all(Array.from({ length: 50 }, ask));
  client.close();
  server.close();
  assert.equal(calls, 50);
  for (const answer of answers) assert.deepEqual(answer, { status: 200, trailer: '0', bytes: 5 });
});

test('arrivals are stamped by the clock that all processes share, and given once', async () => {
  const log = new ArrivalLog();
  const beforeS = monotonicS();
  log.add(log.stamp());
  log.add(log.stamp());
  await new Promise(setImmediate);
  const { arrivalsS, turnsS } = log.take();
  assert.equal(arrivalsS.length, 2);
  assert.equal(turnsS.length, 1);
  // Two clocks of the system, read one after the other, may differ by the time between.
  for (const atS of arrivalsS) assert.ok(atS > beforeS - 1 && atS < monotonicS() + 1);
  assert.deepEqual(log.take(), { arrivalsS: [], turnsS: [] });
});
