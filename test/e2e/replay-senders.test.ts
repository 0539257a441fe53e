import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createDevServer, type DevServer } from '../../src/dev-server/dev-server.ts';
import { parseLatency } from '../../src/dev-server/faults/latency.ts';
import type { TransportKind } from '../../src/replay-run/target/transport-choice.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { until } from '../capture/support.ts';
import { runCli } from '../cli/run-cli.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { arrivalsIn, burstyRecords, requestCrc, writeTrace } from './bursty-trace.ts';

const records = burstyRecords();
const LONG_MS = 60_000;
/** By which transport, and from how many threads. */
const MEANS: [TransportKind, readonly number[]][] = [
  ['wire', [1, 3]],
  ['library', [1, 2]],
];
let folder = '';
let trace = '';
let replayLog = '';
let results = '';

before(async () => {
  folder = newFolder();
  trace = join(folder, 'bursty.trace.zst');
  replayLog = join(folder, 'run.rlog');
  results = join(folder, 'run.json');
  await writeTrace(trace, records);
});

/** Which requests reached the server, session by session, in their order there. */
interface Arrived {
  document: ResultsDocument;
  sessions: Map<string, number[]>;
}

const sessionOf = new Map(records.map((record) => [requestCrc(record), record.session]));

function sessionsOf(crcs: readonly number[]): Map<string, number[]> {
  const sessions = new Map<string, number[]>();
  for (const crc of crcs) {
    const session = sessionOf.get(crc) ?? 'unknown';
    sessions.set(session, [...(sessions.get(session) ?? []), crc]);
  }
  return new Map([...sessions].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function withServer<T>(use: (server: DevServer, log: string) => Promise<T>): Promise<T> {
  const arrivalLog = join(folder, 'arrivals.ndjson');
  const server = await createDevServer({
    host: '127.0.0.1',
    httpPort: 0,
    grpcPort: 0,
    seed: 1,
    latency: parseLatency('1ms'),
    errorRate: 0,
    stalls: [],
    arrivalLog,
    force: true, // one after the other
    testService: true,
    nowNs: () => Number(process.hrtime.bigint()),
    wallMs: () => Date.now(),
  });
  try {
    return await use(server, arrivalLog);
  } finally {
    await server.close();
  }
}

function targetsOf({ httpPort, grpcPort }: DevServer): string[] {
  return ['--endpoint', `http://127.0.0.1:${httpPort}`, '--grpc-endpoint', `127.0.0.1:${grpcPort}`];
}

async function arrived(flags: readonly string[]): Promise<Arrived> {
  let text = '';
  const output = ['--replay-log', replayLog, '--output', results, '--force'];
  const document = await withServer(async (server, log) => {
    const ended = await runCli(['replay', '--trace', trace, ...flags, ...output, ...targetsOf(server)]);
    // 98 says the machine was too busy to keep the times; what was sent must hold all the same.
    assert.ok(ended.code === 0 || ended.code === 98, ended.stderr);
    await server.close();
    text = await readFile(log, 'utf8');
    return validated(JSON.parse(await readFile(results, 'utf8')));
  });
  return { document, sessions: sessionsOf(arrivalsIn(text).map(({ body_crc32 }) => body_crc32)) };
}

test('order, bytes and counts are the same for every number of senders and every transport, and one log proves each', async () => {
  const wanted = sessionsOf(records.map(requestCrc));
  const digests = new Set<string>();
  for (const [transport, counts] of MEANS) {
    for (const senders of counts) {
      const flags = ['--senders', String(senders), '--transport', transport, '--rate-multiplier', '3'];
      const { document, sessions } = await arrived(flags);
      const which = `${senders} senders, ${transport}`;
      assert.deepEqual(sessions, wanted, which);
      const { accounting, inversions } = document.fidelity;
      assert.equal(accounting.ok, records.length, which);
      assert.equal(accounting.closes, true);
      assert.equal(inversions, 0);
      assert.equal(document.plan.options['senders'], senders);
      assert.equal(document.plan.options['transport'], transport);
      assert.equal(
        document.windows.reduce((sum, { ops }) => sum + ops, 0),
        records.length,
      );
      digests.add(document.plan.digest);
      // What several threads did is in one log.
      const verified = await runCli(['verify', replayLog, results, '--trace', trace]);
      assert.equal(verified.code, 0, `${which}: ${verified.stdout}${verified.stderr}`);
    }
  }
  assert.equal(digests.size, 1, 'it is one plan');
});

test('a thread that dies in the middle ends the run with 98 and its cause in the document', async () => {
  const [deadly, now] = [join(folder, 'deadly.mjs'), join(folder, 'now')];
  await writeFile(
    deadly,
    `import { existsSync } from 'node:fs';
     import { isMainThread, workerData } from 'node:worker_threads';
     if (!isMainThread && workerData?.clockOriginNs !== undefined && globalThis.isDeadly === undefined) {
       globalThis.isDeadly = true;
       setInterval(() => {
         if (existsSync(${JSON.stringify(now)})) throw new Error('scripted death of a thread');
       }, 10);
     }`,
  );
  await withServer(async (server) => {
    const args = ['replay', '--trace', trace, '--senders', '2', ...targetsOf(server)];
    const ending = runCli([...args, '--loop', '6'], {
      env: { NODE_OPTIONS: `--import ${pathToFileURL(deadly).href}` },
    });
    await until(() => server.stats().httpOps >= 50, 'it sends', LONG_MS);
    await writeFile(now, '');
    const ended = await ending;
    assert.equal(ended.code, 98, ended.stderr);
    assert.match(ended.stderr, /sender \d died: Error: scripted death of a thread/);
    assert.doesNotMatch(ended.stderr, /\n\s+at /);
    const { summary, fidelity } = validated(JSON.parse(ended.stdout));
    assert.equal(summary.stop, 'sender_died');
    assert.equal(fidelity.verdict, 'invalid');
    assert.ok(fidelity.reasons.some(({ code }) => code === 'sender_died'));
    assert.equal(fidelity.accounting.closes, true, JSON.stringify(fidelity.accounting));
    // What was not read when it died is counted, as far as that takes no longer than 2 s.
    const { planned, plan_complete: isWhole } = fidelity.accounting;
    assert.ok(isWhole ? planned === 6 * records.length : planned < 6 * records.length, String(planned));
  });
});

test('stretching takes one sender, by itself or by name', async () => {
  await withServer(async (server) => {
    const args = ['replay', '--trace', trace, '--behind', 'stretch', '--dry-run', ...targetsOf(server)];
    assert.equal((await runCli(args)).code, 0);
    const refused = await runCli([
      'replay',
      '--trace',
      trace,
      '--behind',
      'stretch',
      '--senders',
      '2',
      ...targetsOf(server),
    ]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--senders 1/);
  });
});
