import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { EngramTraceError } from '../../../src/error.ts';
import type { SendOutcome } from '../../../src/replay/ports.ts';
import type { TlsSettings } from '../../../src/transports/connect/tls-settings.ts';
import { createWireHttpTransport } from '../../../src/transports/wire-http/wire-http-transport.ts';
import { makeRecord } from '../../support/make-record.ts';
import { sendAndWatch } from '../../support/send-and-watch.ts';

const pem = (name: string): Buffer =>
  readFileSync(new URL(`../../../../fixtures/tls/${name}`, import.meta.url));
const CA = pem('ca.pem');
const SERVER = { cert: pem('server.pem'), key: pem('server-key.pem') };
const CLIENT: TlsSettings = { ca: CA, cert: pem('client.pem'), key: pem('client-key.pem') };

interface Target {
  origin: URL;
  servernames: Set<unknown>;
  /** One for each connection: was its session taken up again? */
  resumed: boolean[];
}

/** A server that wants a client certificate of the CA, and answers with the number of bytes it got. */
async function withTarget(body: (target: Target) => Promise<void>): Promise<void> {
  const target: Target = { origin: new URL('http://unset'), servernames: new Set(), resumed: [] };
  const options = { ...SERVER, ca: CA, requestCert: true, rejectUnauthorized: true };
  const server = createServer(options, (request, response) => {
    target.servernames.add((request.socket as TLSSocket & { servername?: unknown }).servername);
    let sizeBytes = 0;
    request.on('data', (chunk) => {
      sizeBytes += chunk.length;
    });
    if (request.url === '/close') response.shouldKeepAlive = false;
    request.on('end', () => response.end('x'.repeat(sizeBytes)));
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => target.resumed.push(socket.isSessionReused()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target.origin = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await body(target);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function outcomeWith(target: Target, tls: TlsSettings | undefined): Promise<SendOutcome> {
  const transport = createWireHttpTransport({ origin: target.origin, tls });
  const outcome = await sendAndWatch(transport, makeRecord(0)).done;
  await transport.close();
  return outcome;
}

test('wire over TLS: a client certificate, a CA and a name are used; without them it fails and says so', async () => {
  await withTarget(async (target) => {
    assert.equal((await outcomeWith(target, CLIENT)).status, 200);
    assert.equal((await outcomeWith(target, { ...CLIENT, ca: undefined, insecure: true })).status, 200);
    assert.equal((await outcomeWith(target, { ...CLIENT, servername: 'engram.test' })).status, 200);
    // An address is never asked for by name.
    assert.deepEqual(target.servernames, new Set([false, 'engram.test']));
    assert.equal((await outcomeWith(target, { ...CLIENT, ca: undefined })).failure, 'tls');
    assert.equal((await outcomeWith(target, { ...CLIENT, servername: 'someone.else' })).failure, 'tls');
    const anonymous = await outcomeWith(target, { ca: CA });
    // With TLS 1.3 the server says no only after the client's handshake is over.
    assert.ok(
      ['tls', 'connection_reset', 'connection_closed'].includes(anonymous.failure ?? ''),
      anonymous.detail,
    );
    const strict = createWireHttpTransport({ origin: target.origin, tls: { ...CLIENT, ca: undefined } });
    await assert.rejects(
      strict.warmUp(),
      (thrown) => thrown instanceof EngramTraceError && thrown.code === 'target',
    );
    await strict.close();
  });
});

test('wire over TLS: bodies of every size, on one connection', async () => {
  await withTarget(async (target) => {
    const transport = createWireHttpTransport({ origin: target.origin, tls: CLIENT, connections: 1 });
    for (const sizeBytes of [0, 1, 5000, 16_384, 60_000, 70_000, 1_000_000, 3]) {
      const record = makeRecord(0, { method: 'POST', body: Buffer.alloc(sizeBytes, 'x') });
      const outcome = await sendAndWatch(transport, record).done;
      assert.deepEqual([outcome.status, outcome.responseBytes, outcome.detail], [200, sizeBytes, '']);
    }
    assert.equal(target.resumed.length, 1);
    await transport.close();
  });
});

test('wire over TLS: a connection opened anew takes up the session of the last', async () => {
  await withTarget(async (target) => {
    const transport = createWireHttpTransport({ origin: target.origin, tls: CLIENT });
    for (let count = 0; count < 3; count += 1) {
      const outcome = await sendAndWatch(transport, makeRecord(0, { path: '/close' })).done;
      assert.equal(outcome.status, 200, outcome.detail);
    }
    await transport.close();
    assert.deepEqual(target.resumed, [false, true, true]);
  });
});

test('wire over TLS: a key that is none is a usage error at once', () => {
  assert.throws(
    () => createWireHttpTransport({ origin: new URL('https://127.0.0.1:1'), tls: { cert: 'no', key: 'no' } }),
    (thrown) => thrown instanceof EngramTraceError && thrown.code === 'usage',
  );
});
