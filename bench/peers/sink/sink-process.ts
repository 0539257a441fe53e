import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createRequestParser } from '../../../src/wire/http1-parser.ts';
import { answerCalls } from './answer-calls.ts';
import { ArrivalLog } from './arrival-log.ts';
import type { SinkAnswer, SinkQuestion } from './sink-question.ts';

// The server of this project that tools are measured against. Lives as long as its parent listens.

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');

const log = new ArrivalLog();
let served = 0;

const http = createServer({ noDelay: true }, (socket) => {
  let ended = 0;
  const parser = createRequestParser({
    onStart: () => {},
    onHead: () => 'as-framed',
    onBody: () => {},
    onEnd: () => {
      ended += 1;
    },
  });
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      const atS = log.stamp();
      try {
        parser.push(chunk);
      } catch {
        socket.destroy(); // No HTTP.
      }
      for (; ended > 0; ended -= 1) {
        log.add(atS);
        served += 1;
        socket.write(OK);
      }
    });
});

const grpc = createServer({ noDelay: true }, (socket: Socket) => {
  socket.on('error', () => {});
  answerCalls(socket, () => {
    served += 1;
  });
});

process.on('message', ({ id, question }: SinkQuestion) => {
  process.send?.({ id, answer: question === 'served' ? served : log.take() } satisfies SinkAnswer);
});
process.once('disconnect', () => process.exit(0));
// Ctrl-C goes to the whole group, and its parent ends this one.
process.on('SIGINT', () => {});

const ports = await Promise.all([http, grpc].map(listen));
process.send?.(ports);

function listen(server: typeof http): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
