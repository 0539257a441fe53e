import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { Transport } from '../../src/replay/ports.ts';
import { createGrpcTransport } from '../../src/transports/grpc-js/grpc-transport.ts';
import { createUndiciTransport } from '../../src/transports/undici/undici-transport.ts';
import { createWireGrpcTransport } from '../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { createWireHttpTransport } from '../../src/transports/wire-http/wire-http-transport.ts';
import { makeRecord } from '../support/make-record.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';

const NAME = 'x_backend-1';
const clock = createRealClock();

async function listening(
  server: Server | http2.Http2Server,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** What the transport says of one answer after the other, by their paths. */
async function valuesOf(
  transport: Transport,
  protocol: 'http' | 'grpc',
  paths: readonly string[],
): Promise<(string | undefined)[]> {
  const values: (string | undefined)[] = [];
  try {
    for (const path of paths) {
      const record = makeRecord(0, { protocol, path, method: protocol === 'http' ? 'GET' : 'POST' });
      values.push((await sendAndWatch(transport, record).done).headerValue);
    }
  } finally {
    await transport.close();
  }
  return values;
}

/** Answers of HTTP: what the header has, and what it counts as. */
const HTTP_ANSWERS: readonly [path: string, headers: string[], value: string | undefined][] = [
  ['/one', ['X_Backend-1', ' b1 '], 'b1'],
  ['/none', ['x_backend-2', 'b1', 'x_backend-', 'b2'], undefined],
  ['/two', ['x_backend-1', 'b1', 'other', 'x', 'X_BACKEND-1', 'b2'], 'b1, b2'],
  ['/empty', ['x_backend-1', ''], ''],
  ['/long', ['x_backend-1', 'b'.repeat(1000)], 'b'.repeat(200)],
  ['/late', [], undefined],
];

describe('the header that answers are counted by, over HTTP', () => {
  for (const [name, create] of [
    ['wire', createWireHttpTransport],
    ['undici', createUndiciTransport],
  ] as const) {
    it(`${name}: is told with each answer that has it, whatever its case`, async () => {
      const server = createServer((request, response) => {
        const headers = HTTP_ANSWERS.find(([path]) => path === request.url)?.[1] ?? [];
        response.writeHead(request.url === '/one' ? 500 : 200, headers);
        response.end('body');
      });
      const { port, close } = await listening(server);
      const origin = new URL(`http://127.0.0.1:${port}`);
      const paths = HTTP_ANSWERS.map(([path]) => path);
      try {
        const told = await valuesOf(create({ origin, countByHeader: NAME }), 'http', paths);
        assert.deepEqual(
          told,
          HTTP_ANSWERS.map(([, , value]) => value),
        );
        assert.deepEqual(await valuesOf(create({ origin }), 'http', ['/one']), [undefined]);
      } finally {
        await close();
      }
    });
  }
});

/** Answers of gRPC: the head, the trailers, and what they count as. */
const GRPC_ANSWERS: Record<string, { head: object; trailers?: object; value: string | undefined }> = {
  '/s/Head': { head: { [NAME]: 'b1' }, trailers: { [NAME]: 'not this one' }, value: 'b1' },
  '/s/Trailers': { head: {}, trailers: { [NAME]: 'b2' }, value: 'b2' },
  '/s/TrailersOnly': { head: { 'grpc-status': '5', [NAME]: 'b3' }, value: 'b3' },
  '/s/Again': { head: { [NAME]: 'b1' }, trailers: {}, value: 'b1' },
  '/s/None': { head: {}, trailers: { 'x_backend-2': 'b1' }, value: undefined },
};

describe('the header that answers are counted by, over gRPC', () => {
  for (const [name, create] of [
    ['wire', createWireGrpcTransport],
    ['grpc-js', createGrpcTransport],
  ] as const) {
    it(`${name}: is told from the head of an answer, or else from its trailers`, async () => {
      const server = http2.createServer();
      server.on('stream', (stream, headers) => {
        const { head = {}, trailers } = GRPC_ANSWERS[String(headers[':path'])] ?? {};
        stream.on('error', () => {});
        stream.resume();
        const whole = { ':status': 200, 'content-type': 'application/grpc', ...head };
        if (trailers === undefined) {
          stream.respond(whole, { endStream: true });
          return;
        }
        stream.respond(whole, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', ...trailers }));
        stream.end(Buffer.alloc(5));
      });
      const { port, close } = await listening(server);
      const target = `127.0.0.1:${port}`;
      try {
        const paths = Object.keys(GRPC_ANSWERS);
        const told = await valuesOf(create({ target, clock, countByHeader: NAME }), 'grpc', paths);
        assert.deepEqual(
          told,
          Object.values(GRPC_ANSWERS).map(({ value }) => value),
        );
        assert.deepEqual(await valuesOf(create({ target, clock }), 'grpc', ['/s/Head']), [undefined]);
      } finally {
        await close();
      }
    });
  }
});
