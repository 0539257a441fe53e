import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { variedAnswers } from '../../src/null-sink/answers.ts';
import { type NullSink, startNullSink } from '../../src/null-sink/null-sink.ts';

const BODY = Buffer.alloc(3000, 7);

interface Answer {
  status: unknown;
  grpcStatus: unknown;
  bytes: number;
}

async function call(session: ClientHttp2Session, body: Buffer | undefined): Promise<Answer> {
  const stream = session.request({ ':method': 'POST', ':path': '/S/M', te: 'trailers' });
  const answer: Answer = { status: undefined, grpcStatus: undefined, bytes: 0 };
  stream.on('response', (headers) => {
    answer.status = headers[':status'];
  });
  stream.on('trailers', (trailers) => {
    answer.grpcStatus = trailers['grpc-status'];
  });
  stream.on('data', (chunk: Buffer) => {
    answer.bytes += chunk.length;
  });
  stream.end(body);
  await once(stream, 'close');
  return answer;
}

describe('a null sink', () => {
  let sink: NullSink;
  let session: ClientHttp2Session;
  before(async () => {
    sink = await startNullSink(variedAnswers());
    session = connect(`http://127.0.0.1:${sink.grpcPort}`);
  });
  after(async () => {
    session.destroy();
    await sink.close();
  });

  it("answers every gRPC call of Node's own client, more at a time than its window takes", async () => {
    const bodies = Array.from({ length: 600 }, (_, i) => (i % 5 === 0 ? undefined : BODY));
    const answers = await Promise.all(bodies.map((body) => call(session, body)));
    assert.ok(answers.every(({ status, grpcStatus }) => status === 200 && grpcStatus === '0'));
    const sizes = answers.map(({ bytes }) => bytes);
    assert.deepEqual(
      [...new Set(sizes)].sort((a, b) => a - b),
      [5, 17, 905],
    );
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) > 2 * 65_535);
  });

  it('answers a ping, and a call after one that was given up', async () => {
    await new Promise<void>((resolve, reject) =>
      session.ping((error) => (error === null ? resolve() : reject(error))),
    );
    const given = session.request({ ':method': 'POST', ':path': '/S/M' });
    given.close();
    await once(given, 'close');
    assert.equal((await call(session, BODY)).grpcStatus, '0');
  });

  it('takes a preface that comes byte by byte', async () => {
    const socket = connectSocket(sink.grpcPort, '127.0.0.1').setNoDelay();
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    const got: Buffer[] = [];
    const acknowledged = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        got.push(chunk);
        if (Buffer.concat(got).includes(Buffer.from([0, 0, 0, 4, 1, 0, 0, 0, 0]))) resolve();
      });
    });
    for (const byte of preface) socket.write(Buffer.from([byte]));
    await acknowledged;
    socket.destroy();
  });

  it('hangs up on who speaks something else', async () => {
    for (const port of [sink.httpPort, sink.grpcPort]) {
      const socket = connectSocket(port, '127.0.0.1').on('error', () => {});
      socket.write('no protocol at all, but long enough\r\n\r\n');
      socket.resume();
      await once(socket, 'close');
    }
  });
});
