import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import type { Protocol, TraceRecord } from '../../../src/trace/record/record.ts';
import { SETTING } from '../../../src/wire/http2/frames.ts';
import { writeTrace } from '../../cli/replay-support.ts';
import { MS, makeRecord, validated } from '../../results/support.ts';
import { newFolder } from '../../support/folders.ts';
import { goodAnswer } from '../../transports/conformance-grpc-peer.ts';
import { assertClosed } from './assert-faults.ts';
import type { FaultServer } from './fault-run.ts';
import { grpcCalls } from './grpc-calls.ts';
import { startGrpcServer } from './grpc-fault-server.ts';
import { OK, startHttpServer } from './http-fault-server.ts';
import { freezeOpenFiles, limitsMissing, startLimited } from './limited-run.ts';

const COUNT = 150;
const GAP_MS = 10;

interface Stage {
  protocol: Protocol;
  transport: 'wire' | 'library';
  openFiles: number;
  /** Whether the limit falls to what is open, before the first request is answered. */
  isFrozen?: boolean;
  /** How long an operation may take; longer than any machine stands still where it must not run out. */
  timeout?: string;
}

/** Each in a session of its own; where the limit falls, all but the first wait for that one, and not for each other. */
function records({ protocol, isFrozen = false }: Stage): TraceRecord[] {
  const sessions = isFrozen ? 1 : COUNT;
  const calls = grpcCalls({ count: COUNT, gapMs: GAP_MS, sessions }).map((record, number) =>
    isFrozen && number > 0 ? { ...record, durationNs: COUNT * GAP_MS * MS } : record,
  );
  if (protocol === 'grpc') return calls;
  return calls.map(({ startNs, durationNs, session }) =>
    makeRecord({ startNs, durationNs, session, op: 'call' }),
  );
}

/** So long nothing has to come before what waits is answered: however slow the machine, all connections are taken. */
const QUIET_MS = 800;

/** Answers when no more comes, so that many connections are needed; before the first answer it calls `onFirst`. */
function startSlow({ protocol, isFrozen }: Stage, onFirst: () => void): Promise<FaultServer> {
  let waiting: (() => void)[] = [];
  let isFirst = isFrozen;
  let timer: NodeJS.Timeout | undefined;
  const answerAll = (): void => {
    for (const answer of waiting) answer();
    waiting = [];
  };
  const later = (answer: () => void): void => {
    waiting.push(answer);
    clearTimeout(timer);
    if (isFirst) {
      onFirst();
      isFirst = false;
      answerAll();
    } else {
      timer = setTimeout(answerAll, QUIET_MS);
    }
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
  const { protocol, transport, openFiles, isFrozen = false, timeout = '2m' } = stage;
  const folder = newFolder();
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
  }
}

function codesOf({ document }: Played): string[] {
  return document.fidelity.reasons.map(({ code }) => code);
}

const SKIP = limitsMissing() ?? false;
const NONE_LEFT = /this process may open no more files and sockets \(ulimit -n\) \(connect EMFILE/;

describe('no file descriptor is left', { concurrency: 5, skip: SKIP }, () => {
  it('from the start, with the library: what got no connection fails, and says for want of what', async () => {
    const run = await play({ protocol: 'http', transport: 'library', openFiles: 128 });
    const [error, ...others] = run.document.errors;
    assert.deepEqual([error?.code, others], ['connect_failed', []]);
    assert.match(error?.example ?? '', NONE_LEFT);
    assert.ok(run.document.operations.successful > 0);
    assert.ok(codesOf(run).includes('never_left'));
  });

  for (const protocol of ['http', 'grpc'] as const) {
    it(`from the start: there are fewer connections, and operations wait for one (${protocol})`, async () => {
      const run = await play({ protocol, transport: 'wire', openFiles: 128 });
      const { errors, operations } = run.document;
      assert.equal(operations.successful, COUNT, JSON.stringify(errors));
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
    const stage: Stage = { protocol: 'grpc', transport: 'wire', openFiles: 4096 };
    // Long enough for the first call on any machine, and too short for all to take turns.
    const run = await play({ ...stage, isFrozen: true, timeout: '6s' });
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
