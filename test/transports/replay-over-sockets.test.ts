import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { accountingCloses } from '../../src/replay/accounting.ts';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { replay } from '../../src/replay/engine/engine.ts';
import type { ReplayDeps } from '../../src/replay/engine/replay-deps.ts';
import type { Disposition, FailureCode } from '../../src/replay/ports.ts';
import { replayOptions } from '../../src/replay/replay-options.ts';
import { createGrpcTransport } from '../../src/transports/grpc-js/grpc-transport.ts';
import { createUndiciTransport } from '../../src/transports/undici/undici-transport.ts';
import { PATIENT } from '../support/patient.ts';
import { startRawGrpcServer } from '../support/raw-grpc-server.ts';
import { burstyTrace, inBatches, MS, seededRandom } from '../support/replay-harness.ts';

interface Arrival {
  path: string;
  session: string;
}

async function listen(server: Server): Promise<URL> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** Counts by disposition and failure, and the worst of both clocks' orders. */
function createCounts(): {
  observer: ReplayDeps['observer'];
  failures: Map<FailureCode | Disposition, number>;
} {
  const failures = new Map<FailureCode | Disposition, number>();
  return {
    failures,
    observer: {
      onSent: () => {},
      onSettled(operation, disposition) {
        const { dueNs, readyNs, sentNs, firstAnswerNs, doneNs } = operation;
        const times = [dueNs, readyNs, sentNs, firstAnswerNs, doneNs].filter((time) => time !== undefined);
        assert.deepEqual(
          times,
          [...times].sort((a, b) => a - b),
        );
        const key = operation.outcome?.failure ?? disposition;
        failures.set(key, (failures.get(key) ?? 0) + 1);
      },
    },
  };
}

for (const multiplier of [0.5, 1, 2, 10]) {
  test(`replay at ${multiplier}x over sockets: each record arrives once, in the order of its session`, async () => {
    const records = burstyTrace(multiplier * 120 + 40, 6, 11).map((record, at) => ({
      ...record,
      headers: ['x-session', record.session],
      protocol: at % 2 === 0 ? ('http' as const) : ('grpc' as const),
      path: at % 2 === 0 ? record.path : `/t.S/M${record.path}`,
    }));
    const arrivals: Arrival[] = [];
    const random = seededRandom(multiplier);
    const http = createServer((request, response) => {
      arrivals.push({ path: request.url ?? '', session: String(request.headers['x-session']) });
      setTimeout(() => response.end('ok'), random() * 5);
    });
    const origin = await listen(http);
    const methods = Object.fromEntries(
      records
        .filter((record) => record.protocol === 'grpc')
        .map((record): [string, Parameters<typeof startRawGrpcServer>[0][string]] => {
          const name = record.path.slice('/t.S/'.length);
          return [
            name,
            (stream, seen) => {
              arrivals.push({ path: record.path, session: String(seen.metadata.get('x-session')) });
              stream.on('end', () => stream.end());
            },
          ];
        }),
    );
    const grpc = await startRawGrpcServer(methods);
    const clock = createRealClock();
    const undici = createUndiciTransport({ origin });
    const grpcJs = createGrpcTransport({ target: grpc.target, clock });
    await Promise.all([undici.warmUp(), grpcJs.warmUp()]);
    const { observer } = createCounts();
    const end = await replay(
      () => inBatches(records, 50),
      replayOptions({ ...PATIENT, multiplier, maxGapNs: 150 * MS }),
      {
        clock,
        transportFor: (record) => (record.protocol === 'http' ? undici : grpcJs),
        observer,
      },
    );
    await Promise.all([undici.close(), grpcJs.close()]);
    grpc.stop();
    await new Promise((resolve) => http.close(resolve));
    assert.equal(end.accounting.ok, records.length);
    assert.equal(arrivals.length, records.length);
    for (const session of new Set(records.map((record) => record.session))) {
      const paths = (of: readonly Arrival[]): string[] =>
        of.filter((one) => one.session === session).map((one) => one.path);
      assert.deepEqual(paths(arrivals), paths(records), session);
    }
    // Never faster than planned; how much slower is this machine's business.
    const startNs = end.startNs ?? Number.NaN;
    assert.ok((end.lastReleaseNs ?? 0) >= (end.lastDueNs ?? Infinity));
    assert.ok((end.lastDueNs ?? 0) > startNs);
  });
}

test('a target that dies in the middle fails operations, which are counted, and the replay goes on to its end', async () => {
  const records = burstyTrace(400, 20, 3);
  const sockets = new Set<Socket>();
  let answered = 0;
  const http = createServer((_, response) => {
    answered += 1;
    response.end('ok');
    if (answered === 150) {
      http.close();
      for (const socket of sockets) socket.resetAndDestroy();
    }
  });
  http.on('connection', (socket) => sockets.add(socket));
  const transport = createUndiciTransport({ origin: await listen(http) });
  const { observer, failures } = createCounts();
  const end = await replay(() => inBatches(records, 64), replayOptions({ ...PATIENT, multiplier: 10 }), {
    clock: createRealClock(),
    transportFor: () => transport,
    observer,
  });
  await transport.close();
  assert.equal(end.stop, 'end');
  assert.ok(accountingCloses(end.accounting), JSON.stringify(end.accounting));
  assert.equal(end.accounting.planned, 400);
  assert.ok(end.accounting.ok <= 150 && end.accounting.ok > 100);
  assert.ok((failures.get('connect_failed') ?? 0) > 100, JSON.stringify([...failures]));
});

test('an interrupt over sockets ends soon, with everything accounted for', async () => {
  const http = createServer(() => {});
  const transport = createUndiciTransport({ origin: await listen(http) });
  const controller = new AbortController();
  const { observer, failures } = createCounts();
  const replaying = replay(
    () => inBatches(burstyTrace(2000, 50, 8), 64),
    replayOptions({ order: 'open', signal: controller.signal, interruptDrainNs: 50 * MS }),
    { clock: createRealClock(), transportFor: () => transport, observer },
  );
  setTimeout(() => controller.abort(), 1000);
  const end = await replaying;
  await transport.close();
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
  const { accounting } = end;
  assert.equal(end.stop, 'interrupted');
  assert.equal(accounting.planned, 2000);
  assert.equal(accounting.cutOff, accounting.sent);
  assert.ok(accounting.sent > 0 && accounting.unsent > 0 && accountingCloses(accounting));
  assert.equal(failures.get('cancelled'), accounting.cutOff);
});
