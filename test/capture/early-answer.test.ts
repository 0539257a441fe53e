import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { newFolder } from '../support/folders.ts';
import { startCommand } from './start-command.ts';
import { captureFor, LOOPBACK, listenerTo, listenFor, readOpLog, talk, until } from './support.ts';

const LIMIT_BYTES = 2 * 1024 * 1024;
const REFUSAL = 'HTTP/1.1 413 Payload Too Large\r\nContent-Length: 8\r\n\r\ntoo long';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url));

/** Takes 2 MiB, refuses the rest and closes with bytes unread, as servers with a limit do. */
async function refusingServer(t: TestContext, isTls: boolean): Promise<number> {
  const serve = (socket: net.Socket): void => {
    let taken = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      taken += chunk.length;
      if (taken < LIMIT_BYTES) return;
      socket.pause();
      socket.removeAllListeners('data');
      socket.write(REFUSAL, () => socket.destroy());
    });
  };
  const pair = { cert: fixture('server.pem'), key: fixture('server-key.pem') };
  return listenFor(t, isTls ? tls.createServer(pair, serve) : net.createServer(serve));
}

function post(sizeBytes: number, more = ''): Buffer {
  const head = `POST /a HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${sizeBytes}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(sizeBytes, 'a')]);
}

/** The answer is what the server said; the request may have come whole or not, and the record says which. */
function assertRefused(records: readonly TraceRecord[], count: number, sizeBytes: number): void {
  assert.equal(records.length, count);
  for (const { outcome, body, bodyBytesMissing } of records) {
    assert.deepEqual([outcome.status, outcome.ok, outcome.responseBytes], [413, false, 8]);
    const isWhole = body.length === sizeBytes;
    assert.deepEqual(
      [bodyBytesMissing > 0, outcome.error],
      isWhole ? [false, ''] : [true, 'request_incomplete'],
    );
  }
}

describe("a server's early answer", () => {
  it('reaches each of 12 clients that still upload, and the record', async (t) => {
    const upstream = await refusingServer(t, false);
    const folder = newFolder();
    const args = ['--oplog', folder, '--http-listen', '0', '--http-upstream', `${upstream}`];
    const { child, port, exited } = await startCommand(t, args);
    const upload = post(6_000_000);
    for (let round = 0; round < 2; round++) {
      const ends = await Promise.all(Array.from({ length: 6 }, () => talk(port, upload)));
      for (const { text } of ends) assert.equal(text, REFUSAL);
    }
    child.kill('SIGTERM');
    await exited;
    assertRefused((await readOpLog(folder)).records, 12, 6_000_000);
  });

  for (const isTls of [false, true]) {
    it(`reaches a client of node:http${isTls ? 's, with TLS on both sides' : ''}`, async (t) => {
      const upstream = await refusingServer(t, isTls);
      const listenTls = { cert: fixture('server.pem'), key: fixture('server-key.pem') };
      const more = isTls ? { listenTls, upstreamTls: { insecure: true } } : {};
      const { port, folder, capture } = await captureFor(t, { http: { ...listenerTo(upstream), ...more } });
      const sizeBytes = 8_000_000;
      const options = {
        agent: false as const, // a connection each: the server closes them
        port,
        host: LOOPBACK,
        method: 'POST',
        headers: { 'content-length': sizeBytes },
      };
      for (let i = 0; i < 4; i++) {
        const request = isTls
          ? https.request({ ...options, rejectUnauthorized: false })
          : http.request(options);
        request.on('error', () => {}); // behind the answer: the upload fails
        const answered = once(request, 'response');
        request.end(Buffer.alloc(sizeBytes, 'a'));
        const [response] = (await answered) as [http.IncomingMessage];
        response.setEncoding('utf8');
        const [text] = (await once(response, 'data')) as [string];
        assert.deepEqual([response.statusCode, text], [413, 'too long']);
        request.destroy();
      }
      await until(() => capture.stats().openConnections === 0, 'all connections are closed');
      await capture.close();
      assertRefused((await readOpLog(folder)).records, 4, sizeBytes);
    });
  }

  it('is recorded when it comes instead of 100', async (t) => {
    const server = http.createServer();
    server.on('checkContinue', (_, response) => {
      response.writeHead(417, { 'content-length': '0', connection: 'close' }).end();
    });
    const upstream = await listenFor(t, server);
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    const head = 'POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n';
    assert.match((await talk(port, head)).text, /^HTTP\/1\.1 417 /);
    await capture.close();
    const [record] = (await readOpLog(folder)).records;
    assert.deepEqual(
      [record?.outcome.status, record?.outcome.error, record?.bodyBytesMissing],
      [417, 'request_incomplete', 1],
    );
  });

  const streams: [string, Record<string, string>, Record<string, string | number>, number][] = [
    ['HTTP/2', {}, { ':status': 413 }, 413],
    ['gRPC', { 'content-type': 'application/grpc' }, { ':status': 200, 'grpc-status': '8' }, 8],
  ];
  for (const [name, asked, answer, status] of streams) {
    it(`ends a stream of ${name} whose request is not whole`, async (t) => {
      const server = http2.createServer();
      server.on('stream', (stream) => {
        stream.on('error', () => {});
        stream.once('data', () => {
          stream.respond(answer, { endStream: true });
          stream.close(http2.constants.NGHTTP2_NO_ERROR);
        });
      });
      const upstream = await listenFor(t, server as unknown as net.Server);
      const { port, folder, capture } = await captureFor(t, { grpc: listenerTo(upstream) });
      const session = http2.connect(`http://${LOOPBACK}:${port}`);
      t.after(() => session.destroy());
      const stream = session.request({ ':method': 'POST', ':path': '/s.S/M', ...asked });
      const answered = once(stream, 'response');
      stream.write(Buffer.from('\0\0\0\0\x64the first bytes of a hundred')); // no END_STREAM
      const [headers] = (await answered) as [http2.IncomingHttpHeaders];
      assert.equal(headers[':status'], answer[':status']);
      stream.resume();
      await once(stream, 'close');
      await until(() => capture.stats().records === 1, 'the record is there');
      session.destroy();
      await capture.close();
      const [record] = (await readOpLog(folder)).records;
      assert.deepEqual([record?.outcome.status, record?.outcome.error], [status, 'request_incomplete']);
      assert.ok((record?.bodyBytesMissing ?? 0) > 0);
    });
  }
});
