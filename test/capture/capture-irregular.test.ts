import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { CONNECTION_PREFACE } from '../../src/wire/http2/frames.ts';
import { newFolder } from '../support/folders.ts';
import { shapesClient, unary } from './grpc-shapes.ts';
import { DATA, END_STREAM, frame, headers, SETTINGS } from './http2-frames.ts';
import { MAIN, startCommand } from './start-command.ts';
import { inTime, LOOPBACK, listenFor, type OpLogContent, rawServer, readOpLog, run } from './support.ts';

/** A capture as users run it. `stop` ends it and gives its summary and its op log. */
async function captureOf(t: TestContext, upstream: number) {
  const folder = join(newFolder(), 'oplog');
  const places = ['--http-listen', '0', '--http-upstream', String(upstream)];
  const { port, child, exited, stdout } = await startCommand(t, [
    '--oplog',
    folder,
    '--grace',
    '2s',
    ...places,
  ]);
  const stop = async (): Promise<{ summary: Record<string, unknown>; log: OpLogContent }> => {
    child.kill('SIGTERM');
    await exited;
    const lines = stdout().trim().split('\n');
    return { summary: JSON.parse(lines.at(-1) as string), log: await readOpLog(folder) };
  };
  return { port, folder, stop };
}

/** A client's connection that asks and waits for what it is to get. */
function dial(t: TestContext, port: number) {
  const socket = net.connect(port, LOOPBACK);
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  let got = '';
  let onData = (): void => {};
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    onData();
  });
  const ask = async (bytes: Buffer | string, answer: string): Promise<void> => {
    got = '';
    const all = new Promise<true>((resolve) => {
      onData = () => void (got.includes(answer) && resolve(true));
    });
    socket.write(bytes, 'latin1');
    assert.ok(await inTime(all, 30_000), `waiting for ${answer}, got ${got}`);
  };
  return { ask, socket };
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe('capture, whatever is said', () => {
  it('records every request behind irregular answers, and tells what it can not', async (t) => {
    const quirks = [
      'X-Policy: a;\r\n  b',
      'Content-Length: 2',
      'X-Ok : 1',
      'X-Note: a\x01b',
      'X: 1\nY: 2',
      'nonsense',
    ];
    const broken = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\nok';
    const upstream = await rawServer(t, (socket) => {
      socket.on('data', (chunk) => {
        const quirk = /^GET \/q(\d)/.exec(chunk.toString('latin1'))?.[1];
        const answer = `HTTP/1.1 200 OK\r\n${quirks[Number(quirk)]}\r\nContent-Length: 2\r\n\r\nok`;
        socket.write(quirk === undefined ? broken : answer, 'latin1');
      });
    });
    const { port, folder, stop } = await captureOf(t, upstream);
    for (const [i] of quirks.entries()) {
      const { ask, socket } = dial(t, port);
      for (let n = 0; n < 5; n++) await ask(request(`/q${i}?n=${n}`), 'ok');
      socket.end();
    }
    const doubtful = dial(t, port);
    for (let n = 0; n < 5; n++) await doubtful.ask(request(`/d?n=${n}`), 'ok');
    // From here on neither side can be followed.
    for (let n = 0; n < 5; n++) await doubtful.ask(request('/evil\x01'), 'ok');
    doubtful.socket.end();
    const { summary, log } = await stop();
    const briefs = log.records
      .map(({ path, outcome }) => `${path} ${outcome.status} ${outcome.error}`)
      .sort();
    const expected = quirks.flatMap((_, i) => [0, 1, 2, 3, 4].map((n) => `/q${i}?n=${n} 200 `));
    const unanswered = [1, 2, 3, 4].map((n) => `/d?n=${n} undefined not_followed`);
    assert.deepEqual(briefs, [...expected, '/d?n=0 200 bad_response', ...unanswered].sort());
    const lostBytes = 5 * request('/evil\x01').length;
    const { recordsDropped, connectionsUnfollowed, bytesUnfollowed } = log.loss;
    assert.deepEqual([recordsDropped, connectionsUnfollowed, bytesUnfollowed], [1, 1, lostBytes]);
    assert.deepEqual(
      [summary['connectionsUnfollowed'], summary['bytesUnfollowed'], summary['gaveUp']],
      [1, lostBytes, 1],
    );
    const trace = join(folder, 'all.trace.zst');
    await run(process.execPath, [MAIN, 'export', '--source', folder, '--output', trace]);
    const { stdout } = await run(process.execPath, [MAIN, 'inspect', trace]);
    assert.match(stdout, new RegExp(`1 connections unfollowed, ${lostBytes} bytes unfollowed`));
  });

  it('records gRPC calls that a load balancer answers with a page, and calls that wait for ever', async (t) => {
    const server = http2.createServer();
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.resume().on('end', () => {
        stream.respond({ ':status': 502, 'content-type': 'text/html' });
        stream.end('<html>Bad Gateway</html>');
      });
    });
    const { port, stop } = await captureOf(t, await listenFor(t, server));
    const client = shapesClient(t, port);
    assert.match(await unary(client, 'hello'), /^error/);
    client.close();
    const session = http2.connect(`http://${LOOPBACK}:${port}`);
    t.after(() => session.destroy());
    for (const timeout of ['99999999H', '99999999S', 'soon']) {
      const stream = session.request({
        ':method': 'POST',
        ':path': `/t.S/${timeout}`,
        'content-type': 'application/grpc',
        'grpc-timeout': timeout,
      });
      stream.end(Buffer.from([0, 0, 0, 0, 2, 104, 105]));
      stream.resume();
      assert.ok(
        await inTime(new Promise<true>((resolve) => stream.on('close', () => resolve(true))), 30_000),
      );
    }
    await new Promise<void>((resolve) => session.close(resolve));
    const { summary, log } = await stop();
    assert.deepEqual(
      log.records
        .map(({ path, outcome, deadlineNs }) => [path.split('/').at(-1), outcome.error, deadlineNs])
        .slice(1),
      [
        ['99999999H', 'http_502', Number.MAX_SAFE_INTEGER],
        ['99999999S', 'http_502', Number.MAX_SAFE_INTEGER],
        ['soon', 'http_502', undefined],
      ],
    );
    assert.equal(log.records[0]?.outcome.error, 'http_502');
    assert.equal(Buffer.from(log.records[0]?.body ?? []).toString(), 'hello');
    assert.deepEqual([summary['recordsDropped'], summary['lastRefused']], [0, '']);
  });

  it('follows an upgrade to h2c', async (t) => {
    const ok = (id: number): Buffer =>
      Buffer.concat([headers(id, { ':status': '200' }), frame(DATA, END_STREAM, id, `answer${id}`)]);
    const granted = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
    const upstream = await rawServer(t, (socket) => {
      socket.once('data', () => {
        socket.write(Buffer.concat([Buffer.from(granted), frame(SETTINGS, 0, 0), ok(1)]));
        let more = '';
        socket.on('data', (chunk) => {
          more += chunk.toString('latin1');
          if (more.includes('/two')) socket.write(Buffer.concat([ok(3), ok(5)]));
        });
      });
    });
    const { port, stop } = await captureOf(t, upstream);
    const { ask, socket } = dial(t, port);
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk';
    await ask(`GET /zero HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n\r\n`, 'answer1');
    const get = (id: number, path: string): Buffer =>
      headers(id, { ':method': 'GET', ':scheme': 'http', ':path': path, ':authority': 'x' }, END_STREAM);
    await ask(
      Buffer.concat([CONNECTION_PREFACE, frame(SETTINGS, 0, 0), get(3, '/one'), get(5, '/two')]),
      'answer5',
    );
    socket.end();
    const { log } = await stop();
    assert.deepEqual(
      log.records.map(({ path, outcome }) => `${path} ${outcome.status} ${outcome.responseBytes}`),
      ['/zero 200 7', '/one 200 7', '/two 200 7'],
    );
    assert.deepEqual(log.loss.recordsDropped, 0);
  });
});
