import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { describe, it } from 'node:test';
import { startRelay } from '../../../src/capture/relay/relay.ts';
import type { Tap } from '../../../src/capture/taps/tap.ts';
import {
  captureFor,
  deadPort,
  inTime,
  LOOPBACK,
  listenerTo,
  loggingServer,
  rawServer,
  readOpLog,
  talk,
  until,
} from '../support.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';

const BROKEN_TAP: Tap = {
  fromClient: () => {},
  fromServer: () => {},
  serverEnded: () => {},
  closed: () => {},
  idle: true,
};

describe('relay', () => {
  it('changes no byte in either direction, whatever the bytes, and passes half-close on', async (t) => {
    const upstream = await rawServer(t, (socket) => socket.pipe(socket));
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    const noise = randomBytes(3_000_000);
    const { text, error } = await talk(port, noise, { halfClose: true });
    assert.equal(error, '');
    assert.ok(Buffer.from(text, 'latin1').equals(noise));
    const summary = await capture.close();
    assert.equal(summary.gaveUp >= 1, true);
    assert.ok((await readOpLog(folder)).loss.recordsDropped >= 1, 'bytes that are no HTTP are in the ledger');
  });

  it('holds neither side longer than the other takes: 200 MB in bounded memory', async (t) => {
    const total = 200 * 1024 * 1024;
    const block = randomBytes(1024 * 1024);
    // Twice, so that any part of a stream of blocks can be found in it.
    const blocks = Buffer.concat([block, block]);
    let seen = 0;
    let isSame = true;
    const server = http.createServer((request, response) => {
      request.on('data', (part: Buffer) => {
        const at = seen % block.length;
        isSame &&= part.equals(blocks.subarray(at, at + part.length));
        seen += part.length;
      });
      request.on('end', () => response.end('done'));
    });
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    t.after(() => server.close());
    const { port, folder, capture } = await captureFor(t, {
      http: listenerTo((server.address() as net.AddressInfo).port),
      maxBodyBytes: 1024 * 1024,
    });
    const before = process.memoryUsage().rss;
    let peak = 0;
    const request = http.request({
      port,
      host: LOOPBACK,
      method: 'PUT',
      path: '/huge',
      headers: { 'content-length': total },
    });
    const answered = new Promise<number>((resolve, reject) => {
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode as number);
      });
      request.on('error', reject);
    });
    for (let at = 0; at < total; at += block.length) {
      if (!request.write(block)) await new Promise((resolve) => request.once('drain', resolve));
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    request.end();
    assert.equal(await answered, 200);
    assert.equal(seen, total);
    assert.ok(isSame, 'no byte has changed');
    assert.ok(peak - before < 150e6, `grew by ${peak - before} bytes`);
    request.destroy();
    await capture.close();
    const { records, loss } = await readOpLog(folder);
    assert.equal(records[0]?.body.length, 1024 * 1024);
    assert.equal(records[0]?.bodyBytesMissing, total - 1024 * 1024);
    assert.deepEqual([loss.bodiesTruncated, loss.bodyBytesTruncated], [1, total - 1024 * 1024]);
  });

  it('carries a thousand connections at a time', async (t) => {
    const count = 1000;
    const held: http.ServerResponse[] = [];
    const { port: upstream, arrivals } = await loggingServer(t, (_, response) => held.push(response));
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    const answers = Array.from({ length: count }, (_, i) =>
      talk(port, `GET /${i} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    );
    await until(() => held.length === count, 'all are there at once');
    assert.equal(capture.stats().openConnections, count);
    for (const response of held) response.end('ok');
    for (const { text, error } of await Promise.all(answers))
      assert.match(text + error, /^HTTP\/1\.1 200 OK/);
    await capture.close();
    const { records } = await readOpLog(folder);
    assert.deepEqual(records.map(({ path }) => path).sort(), arrivals.map(({ url }) => url).sort());
    assert.equal(new Set(records.map(({ session }) => session)).size, count);
    assert.ok(records.every(({ outcome }) => outcome.ok));
  });

  it('delivers all of an upload to a server that has said its last word already', async (t) => {
    let seen = 0;
    let ended = false;
    const upstream = await rawServer(t, (socket) => {
      socket.end('HTTP/1.1 413 Too Much\r\nConnection: close\r\n\r\n');
      setTimeout(() => {
        socket.on('data', (part) => {
          seen += part.length;
        });
        socket.on('end', () => {
          ended = true;
        });
      }, 300);
    });
    const { port } = await captureFor(t, { http: listenerTo(upstream) });
    const upload = Buffer.alloc(4_000_000, 0x61);
    await talk(port, upload, { halfClose: true });
    await until(() => ended, 'the server reads to the end');
    assert.equal(seen, upload.length);
  });

  it('resets the client when the upstream can not be reached, and records what was asked', async (t) => {
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(await deadPort()) });
    const { text, error } = await talk(port, GET);
    assert.equal(text, '');
    assert.match(error, /ECONNRESET|EPIPE/);
    await until(() => capture.stats().unreachable === 1, 'the connection is counted');
    await capture.close();
    assert.deepEqual(
      (await readOpLog(folder)).records.map(({ outcome }) => outcome.error),
      ['upstream_unreachable'],
    );
  });

  it('passes a reset of the upstream on', async (t) => {
    const upstream = await rawServer(t, (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => {
          setTimeout(() => socket.resetAndDestroy(), 50);
        });
      });
    });
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    const { text, error } = await talk(port, GET);
    assert.match(text, /half$/);
    assert.equal(error, 'ECONNRESET');
    await capture.close();
    const [record] = (await readOpLog(folder)).records;
    assert.deepEqual([record?.outcome.status, record?.outcome.error], [200, 'upstream_reset']);
  });

  it('passes a reset of the client on, and records the request', async (t) => {
    let ended = '';
    let isAsked = false;
    const upstream = await rawServer(t, (socket) => {
      socket.resume().once('data', () => {
        isAsked = true;
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        ended = error.code ?? '';
      });
    });
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    const client = net.connect(port, LOOPBACK);
    client.write(GET);
    await until(() => isAsked, 'the request is there');
    client.resetAndDestroy();
    await until(() => ended !== '', 'the server sees the reset');
    assert.equal(ended, 'ECONNRESET');
    await capture.close();
    assert.deepEqual(
      (await readOpLog(folder)).records.map(({ outcome }) => outcome.error),
      ['client_aborted'],
    );
  });

  it('passes garbage of the upstream on, and records the request', async (t) => {
    const upstream = await rawServer(t, (socket) =>
      socket.once('data', () => socket.end('\0\x01garbage\r\n\r\n')),
    );
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    assert.equal((await talk(port, GET)).text, '\0\x01garbage\r\n\r\n');
    await capture.close();
    assert.deepEqual(
      (await readOpLog(folder)).records.map(({ outcome }) => outcome.error),
      ['bad_response'],
    );
  });

  it('ends in its grace time though the upstream hangs, and records what was asked', async (t) => {
    let isAsked = false;
    const upstream = await rawServer(t, (socket) =>
      socket.resume().once('data', () => {
        isAsked = true;
      }),
    );
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream), graceMs: 200 });
    const talking = talk(port, GET);
    await until(() => isAsked, 'the request is there');
    await capture.close();
    assert.match((await talking).error, /ECONNRESET|EPIPE/);
    assert.deepEqual(
      (await readOpLog(folder)).records.map(({ outcome }) => outcome.error),
      ['capture_stopped'],
    );
  });

  it('ends in its grace time though the client does not read, and records what was asked', async (t) => {
    const upstream = await rawServer(t, (socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n'));
      socket.once('data', () => socket.write(Buffer.alloc(60_000_000)));
    });
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream), graceMs: 200 });
    const client = net.connect(port, LOOPBACK);
    t.after(() => client.destroy());
    client.on('error', () => {});
    client.pause();
    client.write(GET);
    await until(() => capture.stats().openConnections === 1, 'the connection is there');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const summary = await inTime(capture.close());
    assert.equal(summary?.openConnections, 0);
    const [record] = (await readOpLog(folder)).records;
    assert.deepEqual([record?.outcome.status, record?.outcome.error], [200, 'capture_stopped']);
  });

  it('lets what is in flight finish when it is closed, and ends idle connections properly', async (t) => {
    const { port: upstream, arrivals } = await loggingServer(t, (_, response) =>
      setTimeout(() => response.end('late'), 300),
    );
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream), graceMs: 20_000 });
    const idle = talk(port, '');
    const busy = talk(port, GET);
    await until(() => capture.stats().openConnections === 2 && arrivals.length === 1, 'both are there');
    const closing = capture.close();
    assert.match((await busy).text, /late$/);
    assert.deepEqual(await idle, { text: '', error: '' });
    await closing;
    assert.deepEqual(
      (await readOpLog(folder)).records.map(({ outcome }) => outcome.error),
      [''],
    );
  });

  it('says what is wrong with an address it can not listen at', async () => {
    const listen = { host: LOOPBACK, port: 0 };
    const options = { upstream: listen, alpn: [], nowNs: () => 0, openTap: () => BROKEN_TAP };
    const relay = await startRelay({ ...options, listen });
    const taken = { host: LOOPBACK, port: relay.port };
    await assert.rejects(startRelay({ ...options, listen: taken }), {
      code: 'io',
      where: `${LOOPBACK}:${relay.port}`,
    });
    await relay.close(0);
  });
});
