import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { MS, makeRecord } from '../../results/support.ts';
import { assertFaults } from './assert-faults.ts';
import { type FaultServer, LIBRARY, playFaults, SHORT_MS, WIRE } from './fault-run.ts';
import { CLOSING, startHttpServer } from './http-fault-server.ts';

/** Operations of one name, in seven sessions. */
function alike(count: number, gapMs: number): TraceRecord[] {
  return Array.from({ length: count }, (_, number) =>
    makeRecord({ startNs: number * gapMs * MS, durationNs: MS, session: `s${number % 7}`, op: 'call' }),
  );
}

/** Breaks every 20th connection as soon as it is open; the others serve one request each. */
async function startBreaking(): Promise<FaultServer & { broken: number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    connections += 1;
    if (connections % 20 > 0) socket.on('data', () => socket.end(CLOSING));
    else {
      server.broken += 1;
      socket.resetAndDestroy();
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const server = {
    target: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    broken: 0,
    close: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return server;
}

describe('an HTTP server that breaks connections', { concurrency: 8 }, () => {
  for (const means of [WIRE, LIBRARY]) {
    const { transport } = means;

    it(`serves one request a connection and resets every 100th (${transport})`, async () => {
      const records = alike(400, 1);
      const start = () =>
        startHttpServer((socket, before) => {
          if (before % 100 === 99) socket.resetAndDestroy();
          else socket.end(CLOSING);
        });
      const run = await playFaults({ records, start, means });
      const errors = [{ code: 'connection_reset', op: 'call', count: 4, example: /ECONNRESET/ }];
      assertFaults(run, records, { ok: 396, errors, exitCode: 0 });
    });

    it(`resets every 20th connection as soon as it is open (${transport})`, async () => {
      const records = alike(200, 2);
      const run = await playFaults({ records, start: startBreaking, means });
      const { broken } = run.server;
      assert.ok(broken >= 8);
      // One that was opened ahead and not used yet costs nothing.
      const upTo = [0, broken] as const;
      const codes = ['connection_reset', 'connection_closed', 'connect_failed'];
      const errors = codes.map((code) => ({ code, op: 'call', count: upTo, example: /./ }));
      assertFaults(run, records, { ok: [200 - broken, 200], errors, neverLeft: upTo, exitCode: 0 });
    });

    it(`accepts and never answers (${transport})`, async () => {
      const records = alike(10, 5);
      const run = await playFaults({ records, start: () => startHttpServer(() => {}), means, isShort: true });
      const example = /^no whole answer within 1\d\d\d ms: \w/;
      assertFaults(run, records, {
        ok: 0,
        errors: [{ code: 'timeout', op: 'call', count: 10, example }],
        // Time may run out for an operation before the machine lets it leave.
        neverLeft: [0, 10],
        exitCode: 1,
      });
      assert.ok((run.document.latency.overall.min ?? 0) >= SHORT_MS, 'a timeout is no quick answer');
    });

    it(`never ends the handshake of TLS (${transport})`, async () => {
      const records = alike(10, 5);
      const start = () => startHttpServer(() => {}, 'https');
      const run = await playFaults({ records, start, means, isShort: true });
      const example = /no whole answer within 1\d\d\d ms: it was never sent: no connection was open yet/;
      assertFaults(run, records, {
        ok: 0,
        errors: [{ code: 'timeout', op: 'call', count: 10, example }],
        neverLeft: 10,
        exitCode: 1,
      });
      assert.match(run.warnings.join(), /the HTTP target does not answer within 1 s/);
    });
  }
});
