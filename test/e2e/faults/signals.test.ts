import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import type { Protocol, TraceRecord } from '../../../src/trace/record/record.ts';
import { type Running, start, writeTrace } from '../../cli/replay-support.ts';
import { MS, makeRecord, validated } from '../../results/support.ts';
import { newFolder } from '../../support/folders.ts';
import { insist } from '../../support/insist.ts';
import { until } from '../../support/send-and-watch.ts';
import { goodAnswer } from '../../transports/conformance-grpc-peer.ts';
import { assertClosed } from './assert-faults.ts';
import type { FaultServer } from './fault-run.ts';
import { grpcCalls } from './grpc-calls.ts';
import { startGrpcServer } from './grpc-fault-server.ts';
import { OK, startHttpServer } from './http-fault-server.ts';

const COUNT = 40;
/** Every fourth is never answered. */
const HUNG = COUNT / 4;
const opOf = (number: number): string => (number % 4 === 3 ? 'hung' : 'fine');

interface CountingServer extends FaultServer {
  count(): number;
}

function startHanging(protocol: Protocol): Promise<CountingServer> {
  if (protocol === 'grpc') {
    return startGrpcServer(({ peer, id, op }) => op === 'fine' && peer.send(...goodAnswer(id)));
  }
  return startHttpServer((socket, _, op) => op === 'fine' && socket.write(OK));
}

/** Each in a session of its own, so that nothing waits for what hangs; the last ones `lastMs` later. */
function records(protocol: Protocol, lastMs: number): TraceRecord[] {
  const calls = grpcCalls({ count: COUNT, gapMs: 2, sessions: COUNT, op: opOf }).map((record, number) => ({
    ...record,
    startNs: record.startNs + (number >= COUNT / 2 ? lastMs * MS : 0),
  }));
  if (protocol === 'grpc') return calls;
  return calls.map(({ startNs, session, op }) => makeRecord({ startNs, session, op, path: `/${op}` }));
}

interface Stage {
  protocol: Protocol;
  senders: number;
  lastMs?: number;
}

interface Staged extends Running {
  server: CountingServer;
  /** What is in the folder of the output. */
  files(): Promise<string[]>;
  /** Resolves when the program says that it is stopping. */
  stopping: Promise<void>;
  document(): Promise<ResultsDocument>;
}

/** Plays records against a server that leaves some unanswered, for as long as `use` takes. */
async function staged(stage: Stage, use: (run: Staged) => Promise<void>): Promise<void> {
  const { protocol, senders, lastMs = 0 } = stage;
  const folder = newFolder();
  const server = await startHanging(protocol);
  const trace = await writeTrace(join(folder, 'signals.trace.zst'), records(protocol, lastMs));
  const endpoint = [protocol === 'http' ? '--endpoint' : '--grpc-endpoint', server.target];
  const output = join(folder, 'results.json');
  const log = ['--replay-log', join(folder, 'replay.rlog')];
  const flags = ['--senders', String(senders), '--output', output, ...log];
  const running = start(['replay', '--trace', trace, ...endpoint, ...flags]);
  const stopping = new Promise<void>((resolve) => {
    running.child.stderr?.on('data', (text: string) => text.includes('stopping') && resolve());
  });
  try {
    await use({
      ...running,
      server,
      stopping,
      files: async () => (await readdir(folder)).filter((name) => name !== 'signals.trace.zst').sort(),
      document: async () => validated(JSON.parse(await readFile(output, 'utf8'))),
    });
  } finally {
    running.child.kill('SIGKILL');
    await server.close();
  }
}

describe('signals', { concurrency: 5 }, () => {
  const stages: Stage[] = [
    { protocol: 'http', senders: 1 },
    { protocol: 'grpc', senders: 1 },
    { protocol: 'http', senders: 2 },
  ];
  for (const stage of stages) {
    it(`Ctrl-C in the drain cuts off what is open (${stage.protocol}, ${stage.senders} senders)`, async () => {
      await staged(stage, async ({ child, finished, server, files, document }) => {
        await until(() => server.count() === COUNT, 'all are sent');
        child.kill('SIGINT');
        const { code, stderr } = await finished;
        assert.equal(code, 130, stderr);
        assert.doesNotMatch(stderr, /\n\s+at /);
        assert.deepEqual(await files(), ['replay.rlog', 'results.json']);
        const { summary, fidelity, errors, replay_log } = await document();
        assertClosed(await document(), COUNT);
        assert.equal(summary.stop, 'interrupted');
        const { ok, cut_off, unsent } = fidelity.accounting;
        assert.deepEqual([ok, cut_off, unsent], [COUNT - HUNG, HUNG, 0]);
        assert.deepEqual(
          errors.map((error) => [error.code, error.op, error.example]),
          [['cut_off', 'hung', 'nothing of an answer had come']],
        );
        assert.equal(replay_log?.entries, COUNT);
        const codes = fidelity.reasons.map(({ code: reason }) => reason);
        assert.ok(codes.includes('interrupted') && codes.includes('cut_off'), `${codes}`);
      });
    });
  }

  it('a second Ctrl-C in the drain leaves at once, and no document', async () => {
    await staged({ protocol: 'http', senders: 1 }, async ({ child, finished, server, files, stopping }) => {
      await until(() => server.count() === COUNT, 'all are sent');
      child.kill('SIGINT');
      await stopping;
      void insist(child, 'SIGINT');
      const { code, stderr } = await finished;
      assert.equal(code, 130, stderr);
      assert.doesNotMatch(stderr, /\n\s+at /);
      // What there is of a log is kept, without an end; a machine that is too slow to name it leaves it as it was written.
      assert.match((await files()).join(), /^replay\.rlog(\.[0-9a-f]{8}\.tmp)?$/);
    });
  });

  it('SIGTERM in the middle: what was measured is written', async () => {
    const stage: Stage = { protocol: 'grpc', senders: 1, lastMs: 60_000 };
    await staged(stage, async ({ child, finished, server, files, document }) => {
      await until(() => server.count() === COUNT / 2, 'the first half is sent');
      child.kill('SIGTERM');
      const { code, stderr } = await finished;
      assert.equal(code, 143, stderr);
      assert.deepEqual(await files(), ['replay.rlog', 'results.json']);
      const { summary, fidelity } = await document();
      assertClosed(await document(), COUNT);
      assert.equal(summary.stop, 'interrupted');
      const { ok, cut_off, unsent } = fidelity.accounting;
      assert.deepEqual([ok, cut_off, unsent], [(COUNT - HUNG) / 2, HUNG / 2, COUNT / 2]);
    });
  });
});
