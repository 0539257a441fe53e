import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ResultsDocument } from '../../../src/results/results-document.ts';
import type { Protocol, TraceRecord } from '../../../src/trace/record.ts';
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

function records(protocol: Protocol): TraceRecord[] {
  if (protocol === 'grpc') return grpcCalls({ count: COUNT, gapMs: 2, sessions: COUNT });
  return Array.from({ length: COUNT }, (_, number) =>
    makeRecord({ startNs: number * 2 * MS, durationNs: MS, session: `s${number}`, op: 'call' }),
  );
}

/** Long enough to need more connections than there may be, and far below the timeout. */
const ANSWER_MS = { http: 250, grpc: 200 };

/** Answers slowly, so that many connections are needed at a time; `onFirst` hears of the first request. */
function startSlow(protocol: Protocol, onFirst: () => void): Promise<FaultServer> {
  let isFirst = true;
  const later = (answer: () => void): void => {
    if (isFirst) onFirst();
    isFirst = false;
    setTimeout(answer, ANSWER_MS[protocol]);
  };
  if (protocol === 'http') return startHttpServer((socket) => later(() => socket.write(OK)));
  return startGrpcServer(({ peer, id }) => later(() => peer.send(...goodAnswer(id))), {
    settings: [[SETTING.maxConcurrentStreams, 1]],
  });
}

interface Stage {
  protocol: Protocol;
  transport: 'wire' | 'library';
  openFiles: number;
  /** Whether the limit falls to what is open, once the first request has come. */
  isFrozen?: boolean;
}

interface Played {
  document: ResultsDocument;
  code: number | null;
  stderr: string;
}

async function play({ protocol, transport, openFiles, isFrozen = false }: Stage): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'engram-trace-files-'));
  const output = join(folder, 'results.json');
  let freeze = (): void => {};
  const server = await startSlow(protocol, () => freeze());
  try {
    const trace = await writeTrace(join(folder, 'files.trace.zst'), records(protocol));
    const endpoint = [protocol === 'http' ? '--endpoint' : '--grpc-endpoint', server.target];
    const flags = ['--transport', transport, '--senders', '1', '--timeout', '1s', '--output', output];
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
const NONE_LEFT = /this process may open no more files and sockets \(ulimit -n\): connect EMFILE/;

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
      const run = await play({ protocol, transport: 'wire', openFiles: 96 });
      const { errors, operations } = run.document;
      assert.ok(operations.successful > 20, JSON.stringify(errors));
      assert.ok(
        errors.every(({ code }) => code === 'timeout'),
        JSON.stringify(errors),
      );
      assert.ok(codesOf(run).includes('back_pressure'), `${codesOf(run)}`);
    });
  }

  it('in the middle: operations that need a new connection fail (http)', async () => {
    const run = await play({ protocol: 'http', transport: 'wire', openFiles: 4096, isFrozen: true });
    const [error, ...others] = run.document.errors;
    assert.deepEqual([error?.code, others], ['connect_failed', []]);
    assert.match(error?.example ?? '', NONE_LEFT);
    assert.equal(run.document.fidelity.accounting.never_left, error?.count);
    assert.ok(run.document.operations.successful > 0);
  });

  it('in the middle: calls wait for the connections there are (grpc)', async () => {
    const run = await play({ protocol: 'grpc', transport: 'wire', openFiles: 4096, isFrozen: true });
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
