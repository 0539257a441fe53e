import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { EngramTraceError } from '../../src/error.ts';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { SendOutcome, Transport } from '../../src/replay/ports.ts';
import type { TlsSettings } from '../../src/transports/connect/tls-settings.ts';
import { createGrpcTransport } from '../../src/transports/grpc-js/grpc-transport.ts';
import { createUndiciTransport } from '../../src/transports/undici/undici-transport.ts';
import { makeRecord } from '../support/make-record.ts';
import { startRawGrpcServer } from '../support/raw-grpc-server.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';

const pem = (name: string): Buffer => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url));
const CA = pem('ca.pem');
const SERVER = { cert: pem('server.pem'), key: pem('server-key.pem') };
const CLIENT: TlsSettings = { ca: CA, cert: pem('client.pem'), key: pem('client-key.pem') };

interface Target {
  transport(tls: TlsSettings | undefined): Transport;
  record: ReturnType<typeof makeRecord>;
  /** Status of a good answer. */
  good: number;
  servernames: Set<string>;
  stop(): Promise<void>;
}

/** Both want a client certificate signed by the CA. */
async function httpTarget(): Promise<Target> {
  const servernames = new Set<string>();
  const server = createServer(
    { ...SERVER, ca: CA, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      servernames.add(String((request.socket as TLSSocket & { servername?: string }).servername));
      response.end('ok');
    },
  );
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    transport: (tls) => createUndiciTransport({ origin: new URL(`https://127.0.0.1:${port}`), tls }),
    record: makeRecord(0),
    good: 200,
    servernames,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function grpcTarget(): Promise<Target> {
  const credentials = ServerCredentials.createSsl(
    CA,
    [{ cert_chain: SERVER.cert, private_key: SERVER.key }],
    true,
  );
  const server = await startRawGrpcServer(
    { M: (stream) => stream.on('end', () => stream.end()) },
    credentials,
  );
  return {
    transport: (tls) =>
      createGrpcTransport({ target: server.target, tls: tls ?? {}, clock: createRealClock() }),
    record: makeRecord(0, { protocol: 'grpc', path: '/t.S/M' }),
    good: 0,
    servernames: new Set(),
    stop: async () => server.stop(),
  };
}

async function outcomeWith(target: Target, tls: TlsSettings | undefined): Promise<SendOutcome> {
  const transport = target.transport(tls);
  const outcome = await sendAndWatch(transport, target.record).done;
  await transport.close();
  return outcome;
}

for (const [name, make] of Object.entries({ http: httpTarget, grpc: grpcTarget })) {
  test(`${name} over TLS: a client certificate, a CA and a name are used; without them it fails and says so`, async () => {
    const target = await make();
    try {
      assert.equal((await outcomeWith(target, CLIENT)).status, target.good);
      assert.equal(
        (await outcomeWith(target, { ...CLIENT, ca: undefined, insecure: true })).status,
        target.good,
      );
      assert.equal((await outcomeWith(target, { ...CLIENT, servername: 'engram.test' })).status, target.good);
      const untrusted = await outcomeWith(target, { ...CLIENT, ca: undefined });
      assert.equal(untrusted.failure, 'tls', untrusted.detail);
      const otherName = await outcomeWith(target, { ...CLIENT, servername: 'someone.else' });
      assert.equal(otherName.failure, 'tls', otherName.detail);
      const anonymous = await outcomeWith(target, { ca: CA });
      // With TLS 1.3 the server says no only after the client's handshake is over.
      assert.ok(
        ['tls', 'connection_reset', 'connection_closed', 'connect_failed'].includes(anonymous.failure ?? ''),
      );
      const strict = target.transport({ ...CLIENT, ca: undefined });
      await assert.rejects(
        strict.warmUp(),
        (thrown) => thrown instanceof EngramTraceError && thrown.code === 'target',
      );
      await strict.close();
      const warm = target.transport(CLIENT);
      await warm.warmUp();
      assert.equal((await sendAndWatch(warm, target.record).done).status, target.good);
      await warm.close();
    } finally {
      await target.stop();
    }
  });
}

test('http over TLS: an address is never asked for by name, a given name is', async () => {
  const target = await httpTarget();
  try {
    await outcomeWith(target, CLIENT);
    await outcomeWith(target, { ...CLIENT, servername: 'engram.test' });
    assert.deepEqual(target.servernames, new Set(['false', 'engram.test']));
  } finally {
    await target.stop();
  }
});
