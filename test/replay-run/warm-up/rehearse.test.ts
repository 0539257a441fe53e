import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { startNullSinkThread } from '../../../src/null-sink/start-null-sink-thread.ts';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import { type ReplayOptions, replayOptions } from '../../../src/replay/replay-options.ts';
import { measureReplay } from '../../../src/replay-run/measure-replay.ts';
import type { RunDeps, RunOptions } from '../../../src/replay-run/options/run-options.ts';
import { createNumberedSource } from '../../../src/replay-run/source/numbered-source.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import { type PlayOnce, rehearse } from '../../../src/replay-run/warm-up/rehearse.ts';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { writeTrace } from '../../cli/replay-support.ts';
import { documentInput, MS, makeRecord, validated } from '../../results/support.ts';
import { newFolder } from '../../support/folders.ts';
import { PATIENT } from '../../support/patient.ts';

let folder = '';
const seen: string[] = [];
const server = createServer((request, response) => {
  seen.push(request.url ?? '');
  response.end('ok');
});

before(async () => {
  folder = newFolder();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  server.closeAllConnections();
  server.close();
});

function runDeps(): RunDeps {
  const { tool, host } = documentInput();
  const clock = createRealClock({ precision: 'eco' });
  return { clock, nowMs: () => Date.now(), tool, host, health: {}, warn: () => {} };
}

function steady(count: number, sessions = 7): TraceRecord[] {
  return Array.from({ length: count }, (_, i) =>
    makeRecord({
      startNs: i * MS,
      durationNs: MS,
      session: `s${i % sessions}`,
      method: 'GET',
      path: `/${i}`,
    }),
  );
}

async function withTrace<T>(
  count: number,
  use: (run: RunOptions) => Promise<T>,
  sessions?: number,
): Promise<T> {
  const path = join(folder, `${count}.trace.zst`);
  await writeTrace(path, steady(count, sessions));
  const trace = await openTrace(path);
  const { port } = server.address() as AddressInfo;
  try {
    return await use({
      trace,
      replay: PATIENT,
      http: parseHttpEndpoint(`http://127.0.0.1:${port}`),
      grpc: undefined,
    });
  } finally {
    await trace.close();
  }
}

/** Longer than any machine stands still. */
const LONG_MS = 120_000;

interface Stage {
  run: RunOptions;
  options: ReplayOptions;
  records: TraceRecord[];
}

async function stages(run: RunOptions, options: ReplayOptions, fail = false): Promise<Stage[]> {
  const found: Stage[] = [];
  const openSource = () => createNumberedSource(run.trace, {}, 'throw');
  const play: PlayOnce = async (stage, stageOptions, source) => {
    const records: TraceRecord[] = [];
    for await (const batch of source.open()) records.push(...batch);
    found.push({ run: stage, options: stageOptions, records });
    if (fail) throw new Error('scripted');
  };
  await rehearse(run, options, openSource, play, startNullSinkThread, LONG_MS);
  return found;
}

describe('a rehearsal', () => {
  it('plays the first records at its own rate, as often as it takes, and never against the target', () =>
    withTrace(6000, async (run) => {
      const grpc = parseGrpcEndpoint('127.0.0.1:9');
      const found = await stages({ ...run, grpc }, replayOptions({ timing: { kind: 'absolute' }, loops: 9 }));
      assert.deepEqual(
        found.map(({ records }) => records.length),
        [300, 1500],
      );
      for (const { run: stage, options, records } of found) {
        assert.notEqual(stage.http?.url, run.http?.url);
        assert.notEqual(stage.grpc?.url, grpc.url);
        const last = records.length - 1;
        assert.equal(records[last]?.path, `/${last}`);
        assert.equal((records[last]?.startNs ?? 0) - (records[0]?.startNs ?? 0), last * MS);
        assert.equal(Math.round(options.multiplier), 10);
        assert.equal(options.loops, 1);
        // Nobody who interrupts it, and no long stream, is waited for.
        assert.equal(options.interruptDrainNs, 0);
      }
    }));

  it('has as many records for each of the threads that send', () =>
    withTrace(6000, async (run) => {
      const found = await stages({ ...run, senders: 3 }, replayOptions());
      assert.deepEqual(
        found.map(({ records }) => records.length),
        [900, 4500],
      );
    }));

  it('has no target for what the run has none for', () =>
    withTrace(600, async (run) => {
      const [first] = await stages(run, replayOptions());
      assert.equal(first?.run.grpc, undefined);
    }));

  it('is left out where the trace is short', () =>
    withTrace(499, async (run) => {
      assert.deepEqual(await stages(run, replayOptions()), []);
    }));

  it('is over when it fails, and harms nobody', () =>
    withTrace(600, async (run) => {
      assert.equal((await stages(run, replayOptions(), true)).length, 1);
    }));

  it('is left out where its sink can not be started', () =>
    withTrace(600, async (run) => {
      const openSource = () => createNumberedSource(run.trace, {}, 'throw');
      const neverPlays = async (): Promise<void> => assert.fail('there is nothing to play against');
      const noSink = () => Promise.reject(new Error('no thread can be started'));
      await rehearse(run, replayOptions(), openSource, neverPlays, noSink);
    }));

  it('takes few of the connections that all sessions are to share', () =>
    withTrace(600, async (run) => {
      for (const [asked, taken] of [
        [1000, 64],
        [3, 3],
      ]) {
        const [first] = await stages({ ...run, connections: asked }, replayOptions());
        assert.equal(first?.run.connections, taken);
      }
    }));

  it('keeps to the open files, of which its sink has as many', () =>
    withTrace(
      600,
      async (run) => {
        const ownSessions = { ...run, connections: 'recorded' as const, senders: 1 };
        const { port } = server.address() as AddressInfo;
        let open = 0;
        let most = 0;
        const count = (message: unknown): void => {
          const { socket } = message as { socket: Socket };
          socket.once('connect', () => {
            if (socket.remotePort === port) return;
            most = Math.max(most, ++open);
            socket.once('close', () => void open--);
          });
        };
        subscribe('net.client.socket', count);
        try {
          // A machine that is very busy may have no time left to rehearse in.
          for (let tries = 0; most <= 1 && tries < 5; tries += 1) {
            await measureReplay(ownSessions, { ...runDeps(), openFileLimit: 200 });
          }
        } finally {
          unsubscribe('net.client.socket', count);
        }
        assert.ok(most > 1 && most <= 100, String(most));
      },
      600,
    ));

  it('does not keep somebody who has already interrupted the run', () =>
    withTrace(600, async (run) => {
      assert.deepEqual(await stages(run, replayOptions({ signal: AbortSignal.abort() })), []);
    }));

  for (const senders of [1, 2]) {
    it(`is not seen by the target, nor in the results, with ${senders} senders; and those threads play`, () =>
      withTrace(600, async (run) => {
        seen.length = 0;
        let threads = 0;
        const count = (_: Worker): void => void threads++;
        process.on('worker', count);
        try {
          const document = await measureReplay({ ...run, senders }, runDeps());
          assert.deepEqual(
            seen.toSorted(),
            steady(600)
              .map(({ path }) => path)
              .toSorted(),
          );
          assert.equal(validated(document).fidelity.accounting.planned, 600);
          assert.equal(document.fidelity.accounting.ok, 600);
          // The null sink, and with two senders each of them, once.
          const own = senders === 1 ? 1 : 1 + senders;
          assert.equal(threads, own);
        } finally {
          process.off('worker', count);
        }
      }));
  }
});
