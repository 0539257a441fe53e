import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { ServerCredentials } from '@grpc/grpc-js';
import { shapesPath } from '../../src/dev-server/grpc/shapes-rpcs.ts';
import { EngramTraceError } from '../../src/error.ts';
import { CountRequest, EchoMessage } from '../../src/gen/engramtrace/test/v1/shapes.ts';
import { accountingCloses } from '../../src/replay/accounting.ts';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { replay } from '../../src/replay/engine/engine.ts';
import type { SendOutcome, Transport } from '../../src/replay/ports.ts';
import { replayOptions } from '../../src/replay/replay-options.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import type { TlsSettings } from '../../src/transports/connect/tls-settings.ts';
import { startServer } from '../dev-server/support/start-server.ts';
import { PATIENT } from '../support/patient.ts';
import { startRawGrpcServer } from '../support/raw-grpc-server.ts';
import { burstyTrace, inBatches, MS, seededRandom } from '../support/replay-harness.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';
import { type GrpcSubject, grpcCall, sent } from './conformance-grpc-support.ts';

/** Against services that are really used: the dev-server's, one behind TLS, and a whole replay. */
export function testGrpcServices(subject: GrpcSubject): void {
  testShapesService(subject);
  testTls(subject);
  testReplay(subject);
}

function testShapesService(subject: GrpcSubject): void {
  test(`${subject.name}: the dev-server's test service is called in all its shapes`, async (t) => {
    const server = await startServer(t);
    const transport = subject.create({ target: `127.0.0.1:${server.grpcPort}`, clock: createRealClock() });
    const run = (record: TraceRecord): Promise<SendOutcome> => sendAndWatch(transport, record).done;
    const call = (rpc: string, over: Partial<TraceRecord>): TraceRecord => ({
      ...grpcCall('', over),
      path: shapesPath(rpc),
    });
    const message = (text: string, failWith = 0): Uint8Array =>
      EchoMessage.encode({ number: 1, payload: Buffer.from(text), failWith }).finish();
    const count = CountRequest.encode({ count: 500, intervalMs: 0, payloadBytes: 3000 }).finish();
    const texts = Array.from({ length: 50 }, (_, at) => `${at}`.repeat(at * 20));
    const stream = {
      messages: texts.map((text, at) => sent(message(text), at * 0.2 * MS)),
      halfCloseNs: 15 * MS,
      cancelNs: undefined,
    };
    try {
      const body = message('hello');
      assert.equal((await run(call('Echo', { body }))).responseBytes, body.length);
      assert.equal((await run(call('Echo', { body: message('x', 9) }))).status, 9);
      const counted = await run(call('Count', { body: count }));
      assert.ok(counted.ok && counted.responseBytes > 500 * 3000, JSON.stringify(counted));
      const chatted = await run(call('Chat', { stream }));
      assert.equal(
        chatted.responseBytes,
        texts.reduce((sum, text) => sum + message(text).length, 0),
      );
      const collected = await run(call('Collect', { stream }));
      assert.ok(collected.ok && collected.responseBytes > 0 && collected.responseBytes < 30);
      assert.ok(crc32(texts.join('')) > 0);
    } finally {
      await transport.close();
    }
  });
}

const pem = (name: string): Buffer => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url));

function testTls(subject: GrpcSubject): void {
  test(`${subject.name}: over TLS a client certificate, a CA and a name are used; without them it fails and says so`, async () => {
    const ca = pem('ca.pem');
    const client: TlsSettings = { ca, cert: pem('client.pem'), key: pem('client-key.pem') };
    const credentials = ServerCredentials.createSsl(
      ca,
      [{ cert_chain: pem('server.pem'), private_key: pem('server-key.pem') }],
      true,
    );
    const large = Buffer.alloc(1_000_000, 7);
    const server = await startRawGrpcServer(
      {
        M: (stream) => {
          stream.on('data', (message: Buffer) => stream.write(message));
          stream.on('end', () => stream.end());
        },
      },
      credentials,
    );
    const make = (tls: TlsSettings): Transport =>
      subject.create({ target: server.target, tls, clock: createRealClock() });
    const outcomeWith = async (tls: TlsSettings): Promise<SendOutcome> => {
      const transport = make(tls);
      const outcome = await sendAndWatch(transport, grpcCall('M', { body: large })).done;
      await transport.close();
      return outcome;
    };
    try {
      for (const tls of [
        client,
        { ...client, ca: undefined, insecure: true },
        { ...client, servername: 'engram.test' },
      ]) {
        const outcome = await outcomeWith(tls);
        assert.deepEqual([outcome.status, outcome.responseBytes], [0, large.length], outcome.detail);
      }
      for (const tls of [
        { ...client, ca: undefined },
        { ...client, servername: 'someone.else' },
      ]) {
        const outcome = await outcomeWith(tls);
        assert.equal(outcome.failure, 'tls', outcome.detail);
        const transport = make(tls);
        await assert.rejects(transport.warmUp(), (thrown) => EngramTraceError.from(thrown).code === 'target');
        await transport.close();
      }
      // With TLS 1.3 the server says no only after the client's handshake is over.
      const { failure = '' } = await outcomeWith({ ca });
      assert.match(failure, /^(tls|connection_reset|connection_closed|connect_failed)$/);
      assert.throws(() => make({ cert: 'no certificate', key: 'no key' }));
    } finally {
      server.stop();
    }
  });
}

function testReplay(subject: GrpcSubject): void {
  test(`${subject.name}: in a replay each record arrives once, in the order of its session, with its bytes`, async () => {
    const random = seededRandom(5);
    const records = burstyTrace(600, 8, 5).map((record, at) => ({
      ...record,
      ...grpcCall(`M${at % 3}`),
      startNs: record.startNs,
      session: record.session,
      headers: ['x-session', record.session],
      body: Buffer.alloc(Math.floor(random() ** 4 * 60_000) + 4, at),
    }));
    for (const [at, record] of records.entries()) record.body.writeUInt32BE(at);
    const arrivals: { session: string; body: Buffer }[] = [];
    const method: Parameters<typeof startRawGrpcServer>[0][string] = (stream, seen) => {
      stream.on('end', () => {
        arrivals.push({ session: String(seen.metadata.get('x-session')), body: seen.messages[0] as Buffer });
        setTimeout(() => stream.end(), random() * 5);
      });
    };
    const server = await startRawGrpcServer({ M0: method, M1: method, M2: method });
    const clock = createRealClock();
    const transport = subject.create({ target: server.target, clock });
    await transport.warmUp();
    const end = await replay(() => inBatches(records, 50), replayOptions({ ...PATIENT, multiplier: 10 }), {
      clock,
      transportFor: () => transport,
      observer: { onSent: () => {}, onSettled: () => {} },
    });
    await transport.close();
    server.stop();
    assert.equal(end.accounting.ok, records.length);
    assert.ok(accountingCloses(end.accounting));
    assert.equal(arrivals.length, records.length);
    for (const session of new Set(records.map((record) => record.session))) {
      const ofSession = (all: readonly { session: string; body: Buffer }[]): Buffer[] =>
        all.filter((one) => one.session === session).map((one) => one.body);
      assert.deepEqual(ofSession(arrivals), ofSession(records), session);
    }
  });
}
