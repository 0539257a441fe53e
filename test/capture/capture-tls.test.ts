import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { describe, it } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { startRelay } from '../../src/capture/relay/relay.ts';
import { missing } from '../support/missing.ts';
import { shapesClient, shapesServer, unary } from './grpc-shapes.ts';
import { selfSigned } from './self-signed.ts';
import {
  captureFor,
  inTime,
  LOOPBACK,
  listenerTo,
  listenFor,
  loggingServer,
  readOpLog,
  run,
  talk,
} from './support.ts';

const noTools = missing('openssl', 'curl');

describe('capture with TLS', { skip: noTools }, () => {
  it('ends TLS for HTTP clients and speaks it to the server', async (t) => {
    const { cert, key, certFile } = await selfSigned();
    const bodies: string[] = [];
    const server = https.createServer({ cert, key }, (request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        bodies.push(body);
        response.end('secure');
      });
    });
    const upstream = await listenFor(t, server);
    const { port, folder, capture } = await captureFor(t, {
      http: { ...listenerTo(upstream), listenTls: { cert, key }, upstreamTls: { ca: cert } },
    });
    const url = `https://localhost:${port}/a`;
    // curl offers HTTP/2 first; the listener takes HTTP/1.1, for that is what the server speaks.
    const { stdout } = await run('curl', [
      '-sS',
      '--cacert',
      certFile,
      '-d',
      'hello',
      '-w',
      ' %{http_version}',
      url,
    ]);
    assert.equal(stdout, 'secure 1.1');
    await capture.close();
    const { records } = await readOpLog(folder);
    assert.deepEqual(
      records.map(({ body }) => Buffer.from(body).toString()),
      bodies,
    );
    assert.deepEqual(bodies, ['hello']);
    assert.ok(records[0]?.outcome.ok);
  });

  it('ends TLS for gRPC clients and speaks it to the server', async (t) => {
    const { cert, key } = await selfSigned();
    const pair = [{ cert_chain: cert, private_key: key }];
    const { port: upstream } = await shapesServer(t, grpc.ServerCredentials.createSsl(null, pair));
    const { port, folder, capture } = await captureFor(t, {
      grpc: { ...listenerTo(upstream), listenTls: { cert, key }, upstreamTls: { ca: cert } },
    });
    const client = shapesClient(t, port, grpc.credentials.createSsl(cert));
    assert.equal(await unary(client, 'hello'), 're:hello');
    client.close();
    await capture.close();
    const { records } = await readOpLog(folder);
    assert.deepEqual(
      records.map(({ path, outcome }) => [path, outcome.status]),
      [['/test.Shapes/Unary', 0]],
    );
  });

  it('asks clients for a certificate where that is wanted', async (t) => {
    const { cert, key, certFile } = await selfSigned();
    const { port: upstream, arrivals } = await loggingServer(t);
    const { port } = await captureFor(t, {
      http: { ...listenerTo(upstream), listenTls: { cert, key, clientCa: cert } },
    });
    await assert.rejects(run('curl', ['-sS', '--cacert', certFile, `https://localhost:${port}/`]));
    assert.equal(arrivals.length, 0);
  });

  it('does not trust a server it does not know, unless told to', async (t) => {
    const { cert, key } = await selfSigned();
    const server = https.createServer({ cert, key }, (_, response) => response.end('secure'));
    const upstream = await listenFor(t, server);
    const get = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const strict = await captureFor(t, { http: { ...listenerTo(upstream), upstreamTls: {} } });
    assert.equal((await talk(strict.port, get)).text, '');
    await strict.capture.close();
    const [record] = (await readOpLog(strict.folder)).records;
    assert.equal(record?.outcome.error, 'upstream_unreachable');
    const lax = await captureFor(t, { http: { ...listenerTo(upstream), upstreamTls: { insecure: true } } });
    assert.match((await talk(lax.port, get)).text, /secure$/);
  });

  it('ends without waiting for clients that connected and began no handshake, or none to its end', async (t) => {
    const { cert, key } = await selfSigned();
    const { port: upstream } = await loggingServer(t);
    const { port, capture } = await captureFor(t, {
      http: { ...listenerTo(upstream), listenTls: { cert, key } },
      graceMs: 3_600_000,
    });
    const clients = ['', '\x16\x03\x01\x02\x00\x01'].map((bytes) => {
      const client = net.connect(port, LOOPBACK, () => client.write(bytes, 'latin1'));
      t.after(() => client.destroy());
      return client.on('error', () => {}).resume();
    });
    const gone = clients.map((client) => once(client, 'close'));
    // A third one, accepted behind them: when it has its answer, they are known to the listener.
    const options = { port, host: LOOPBACK, rejectUnauthorized: false, agent: false } as const;
    await Promise.all(clients.map((client) => once(client, 'connect')));
    await new Promise((resolve) => https.get(options, (response) => response.resume().on('end', resolve)));
    assert.ok(await inTime(capture.close()), 'it has ended');
    assert.ok(await inTime(Promise.all(gone)), 'and its clients know');
  });

  it('says so when the certificate is none', async () => {
    const at = { host: LOOPBACK, port: 0 };
    const listenTls = { cert: 'nonsense', key: 'nonsense' };
    const options = { listen: at, upstream: at, alpn: [], nowNs: () => 0, listenTls };
    await assert.rejects(startRelay({ ...options, openTap: () => assert.fail() }), { code: 'usage' });
  });
});
