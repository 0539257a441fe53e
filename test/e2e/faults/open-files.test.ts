import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ResultsDocument } from '../../../src/results/results-document.ts';
import type { Protocol, TraceRecord } from '../../../src/trace/record/record.ts';
import { SETTING } from '../../../src/transports/wire-grpc/h2-frames.ts';
import { writeTrace } from '../../cli/replay-support.ts';
import { MS, makeRecord, validated } from '../../results/support.ts';
import { goodAnswer } from '../../transports/conformance-grpc-peer.ts';
import { assertClosed } from './assert-faults.ts';
import type { FaultServer } from './fault-run.ts';
import { grpcCalls } from './grpc-calls.ts';
import { startGrpcServer } from './grpc-fault-server.ts';
import { OK, startHttpServer } from './http-fault-server.ts';
import { freezeOpenFiles, limitsMissing, startLimited } from './limited-run.ts';

const COUNT = 150;

interface Stage {
  protocol: Protocol;
  gapMs?: number;
  answerMs?: number;
  transport: 'wire' | 'library';
  openFiles: number;
  /** Whether the limit falls to what is open, once the first request has come. */
  isFrozen?: boolean;
  /** How long an operation may take; longer than any machine stands still where it must not run out. */
  timeout?: string;
}

function records({ protocol, gapMs = 2 }: Stage): TraceRecord[] {
  if (protocol === 'grpc') return grpcCalls({ count: COUNT, gapMs, sessions: COUNT });
  return Array.from({ length: COUNT }, (_, number) =>
    makeRecord({ startNs: number * gapMs * MS, durationNs: MS, session: `s${number}`, op: 'call' }),
  );
}

/** Long enough to need more connections than there may be. */
const ANSWER_MS = 250;

/** Answers slowly, so that many connections are needed at a time; `onFirst` hears of the first request. */
function startSlow({ protocol, answerMs = ANSWER_MS }: Stage, onFirst: () => void): Promise<FaultServer> {
  let isFirst = true;
  const later = (answer: () => void): void => {
    if (isFirst) onFirst();
    isFirst = false;
    setTimeout(answer, answerMs);
  };
  if (protocol === 'http') return startHttpServer((socket) => later(() => socket.write(OK)));
  return startGrpcServer(({ peer, id }) => later(() => peer.send(...goodAnswer(id))), {
    settings: [[SETTING.maxConcurrentStreams, 1]],
  });
}

interface Played {
  document: ResultsDocument;
  code: number | null;
  stderr: string;
}

async function play(stage: Stage): Promise<Played> {
  const { protocol, transport, openFiles, isFrozen = false, timeout = '20s' } = stage;
  const folder = await mkdtemp(join(tmpdir(), 'engram-trace-files-'));
  const output = join(folder, 'results.json');
  let freeze = (): void => {};
  const server = await startSlow(stage, () => freeze());
  try {
    const trace = await writeTrace(join(folder, 'files.trace.zst'), records(stage));
    const endpoint = [protocol === 'http' ? '--endpoint' : '--grpc-endpoint', server.target];
    const flags = ['--transport', transport, '--senders', '1', '--timeout', timeout, '--output', output];
    const { child, finished } = startLimited(openFiles, ['replay', '--trace', trace, ...endpoint, ...flags]);
    if (isFrozen) freeze = () => freezeOpenFiles(child);
    const { code, stderr } = await finished;
    assert.doesNotMatch(stderr, /\n\s+at /, stderr);
    const left = (await readdir(folder)).sort();
    assert.deepEqual(left, ['files.trace.zst', 'results.json'], 'nothing half written');
    const document = validated(JSON.parse(await readFile(output, 'utf8')));
    assertClosed(document, COUNT);
    return { document, code, stderr };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function codesOf({ document }: Played): string[] {
  return document.fidelity.reasons.map(({ code }) => code);
}

const SKIP = limitsMissing() ?? false;
const NONE_LEFT = /this process may open no more files and sockets \(ulimit -n\) \(connect EMFILE/;

describe('no file descriptor is left', { concurrency: 5, skip: SKIP }, () => {
  it('from the start, with the library: what got no connection fails, and says for want of what', async () => {
    const run = await play({ protocol: 'http', transport: 'library', openFiles: 72 });
    const [error, ...others] = run.document.errors;
    assert.deepEqual([error?.code, others], ['connect_failed', []]);
    assert.match(error?.example ?? '', NONE_LEFT);
    assert.ok(run.document.operations.successful > 0);
    assert.ok(codesOf(run).includes('never_left'));
  });

  for (const protocol of ['http', 'grpc'] as const) {
    it(`from the start: there are fewer connections, and operations wait for one (${protocol})`, async () => {
      // A slow machine opens the connections for a second: there have to be operations due after that.
      const pace = { gapMs: 10, answerMs: 1500 };
      const run = await play({ protocol, transport: 'wire', openFiles: 96, ...pace });
      const { errors, operations } = run.document;
      assert.equal(operations.successful, COUNT, JSON.stringify(errors));
      assert.ok(codesOf(run).includes('back_pressure'), `${codesOf(run)}`);
    });
  }

  it('in the middle: operations that need a new connection fail (http)', async () => {
    // The limit falls behind the first request: there have to be operations due long after that.
    const pace = { gapMs: 20, answerMs: 1500 };
    const run = await play({ protocol: 'http', transport: 'wire', openFiles: 4096, isFrozen: true, ...pace });
    const [error, ...others] = run.document.errors;
    assert.deepEqual([error?.code, others], ['connect_failed', []]);
    assert.match(error?.example ?? '', NONE_LEFT);
    assert.equal(run.document.fidelity.accounting.never_left, error?.count);
    assert.ok(run.document.operations.successful > 0);
  });

  it('in the middle: calls wait for the connections there are (grpc)', async () => {
    const stage: Stage = { protocol: 'grpc', transport: 'wire', openFiles: 4096 };
    const run = await play({ ...stage, isFrozen: true, timeout: '1s' });
    const [error, ...others] = run.document.errors;
    assert.deepEqual([error?.code, others], ['timeout', []]);
    // On a machine that stands still the first may be one that was sent.
    const { example = '' } = error ?? {};
    if (!example.endsWith('nothing of an answer had come')) {
      assert.match(
        example,
        /: it was never sent: every connection was taken, and no other could be opened: /,
      );
      assert.match(example, NONE_LEFT);
    }
    assert.ok(run.document.operations.successful > 0);
    assert.ok(codesOf(run).includes('back_pressure'));
  });
});
