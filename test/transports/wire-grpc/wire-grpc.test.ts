import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import { createWireGrpcTransport } from '../../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { makeRecord } from '../../support/make-record.ts';
import { startRawGrpcServer } from '../../support/raw-grpc-server.ts';
import { sendAndWatch } from '../../support/send-and-watch.ts';
import { testGrpcTransport } from '../conformance-grpc.ts';

testGrpcTransport({ name: 'wire', create: (options) => createWireGrpcTransport(options) });

test('wire: calls of a session leave in their order, on one of two connections', async () => {
  const peers = new Map<string, Set<string>>();
  const server = await startRawGrpcServer({
    Echo: (call, { metadata }) => {
      const session = String(metadata.get('x-session')[0]);
      peers.set(session, (peers.get(session) ?? new Set()).add(call.getPeer()));
      call.on('data', (message) => call.write(message));
      call.on('end', () => call.end());
    },
  });
  const transport = createWireGrpcTransport({ target: server.target, clock: createRealClock(), channels: 2 });
  try {
    await transport.warmUp?.();
    const order: string[] = [];
    const calls = Array.from({ length: 120 }, (_, i) => {
      const session = `s${i % 6}`;
      const record = makeRecord(0, {
        protocol: 'grpc',
        method: 'POST',
        path: '/t.S/Echo',
        session,
        headers: ['x-session', session],
        body: Buffer.from([8, i]),
      });
      const watched = sendAndWatch(transport, record);
      void watched.sent.then(() => order.push(`${session} ${i}`));
      return watched.done;
    });
    for (const outcome of await Promise.all(calls)) assert.equal(outcome.failure, undefined, outcome.detail);
    for (const [session, used] of peers) assert.equal(used.size, 1, session);
    assert.equal(new Set([...peers.values()].flatMap((used) => [...used])).size, 2);
    for (let session = 0; session < 6; session += 1) {
      const own = order
        .filter((each) => each.startsWith(`s${session} `))
        .map((each) => Number(each.slice(3)));
      assert.deepEqual(
        own,
        own.toSorted((a, b) => a - b),
      );
    }
  } finally {
    await transport.close();
    server.stop();
  }
});
