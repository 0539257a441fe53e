import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { SETTING } from '../../../src/wire/http2/frames.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { goodAnswer, type Peer, settingsFrame } from '../../transports/conformance-grpc-peer.ts';
import { assertFaults } from './assert-faults.ts';
import { type FaultRun, type FaultServer, LIBRARY, type Means, playFaults, WIRE } from './fault-run.ts';
import { grpcCalls } from './grpc-calls.ts';
import { startGrpcServer, windowUpdate } from './grpc-fault-server.ts';

/** Nobody knows when they would have left. */
function assertNothingLeft(run: FaultRun, records: readonly TraceRecord[], { transport }: Means): void {
  const why =
    transport === 'wire' ? /: it was never sent: no connection was open yet$/ : /: it was never sent$/;
  assertFaults(run, records, {
    ok: 0,
    errors: [{ code: 'timeout', op: 'call', count: records.length, example: why }],
    neverLeft: records.length,
    exitCode: 1,
  });
  assert.match(run.warnings.join(), /the gRPC target does not answer within 1 s/);
}

describe('a gRPC server that lets nothing through', { concurrency: 8 }, () => {
  for (const means of [WIRE, LIBRARY]) {
    const { transport } = means;
    it(`never sends SETTINGS (${transport})`, async () => {
      const records = grpcCalls({ count: 10, gapMs: 5, sessions: 7 });
      const start = () => startGrpcServer(() => {}, { settings: null });
      assertNothingLeft(await playFaults({ records, start, means, isShort: true }), records, means);
    });

    it(`never ends the handshake of TLS (${transport})`, async () => {
      const records = grpcCalls({ count: 10, gapMs: 5, sessions: 7 });
      const start = async (): Promise<FaultServer> => {
        const server = await startScriptedServer(() => true);
        return { target: `https://127.0.0.1:${server.port}`, close: server.close };
      };
      assertNothingLeft(await playFaults({ records, start, means, isShort: true }), records, means);
    });

    it(`opens no window for messages for a while (${transport})`, async () => {
      const records = grpcCalls({ count: 60, gapMs: 3, sessions: 60 });
      let peers = new Set<Peer>();
      const start = () => {
        peers = new Set();
        return startGrpcServer(({ peer, id }) => peer.send(...goodAnswer(id)), {
          settings: [[SETTING.initialWindowSize, 0]],
          onHeaders: ({ peer }) => {
            if (peers.has(peer)) return;
            peers.add(peer);
            setTimeout(() => peer.send(settingsFrame([[SETTING.initialWindowSize, 65_535]])), 150);
          },
        });
      };
      const run = await playFaults({ records, start, means });
      assertFaults(run, records, { ok: 60, errors: [], exitCode: 0 });
      const { max } = run.document.latency.overall;
      assert.ok((max ?? 0) >= 140, `${max} ms: the wait counts`);
    });

    it(`never gives back the window of a connection (${transport})`, async () => {
      const records = grpcCalls({ count: 60, gapMs: 3, sessions: 60, body: Buffer.alloc(16_000) });
      const start = () =>
        startGrpcServer(({ peer, id }) => peer.send(...goodAnswer(id)), {
          settings: [[SETTING.initialWindowSize, 1 << 20]],
        });
      const run = await playFaults({ records, start, means, isShort: true });
      // On a machine that stands still the first may be one that got through.
      const example =
        /within 1\d\d\d ms: (\d+ bytes of the request waited for|nothing of an answer had come|it was never sent)/;
      // Four messages fit into the window that each of two connections begins with.
      const errors = [{ code: 'timeout', op: 'call', count: [60 - 2 * 4, 60] as const, example }];
      assertFaults(run, records, { ok: [0, 2 * 4], errors, neverLeft: [0, 60], exitCode: 0 });
    });

    it(`gives back the window of a connection after a while (${transport})`, async () => {
      const records = grpcCalls({ count: 60, gapMs: 3, sessions: 60, body: Buffer.alloc(16_000) });
      let peers = new Set<Peer>();
      const start = () => {
        peers = new Set();
        return startGrpcServer(({ peer, id }) => peer.send(...goodAnswer(id)), {
          settings: [[SETTING.initialWindowSize, 1 << 20]],
          onHeaders: ({ peer }) => {
            if (peers.has(peer)) return;
            peers.add(peer);
            setTimeout(() => peer.send(windowUpdate(0, 1 << 24)), 150);
          },
        });
      };
      const run = await playFaults({ records, start, means });
      assertFaults(run, records, { ok: 60, errors: [], exitCode: 0 });
    });
  }
});
