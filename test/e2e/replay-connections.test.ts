import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { startReplayLog } from '../../src/replay-log/start-replay-log.ts';
import { measureReplay } from '../../src/replay-run/measure-replay.ts';
import type { RunOptions } from '../../src/replay-run/options/run-options.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../src/replay-run/target/endpoint.ts';
import { hostSection } from '../../src/results/document/host-section.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { HEALTH_SOURCES } from '../../src/results/health/health-sources.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import { type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { run, writeTrace } from '../cli/replay-support.ts';
import { MS, makeRecord, validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { PATIENT } from '../support/patient.ts';
import { GRPC } from '../transports/connection-modes-support.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

/** An HTTP server that knows which sessions (the first part of the path) came on which connection. */
async function startCounting(answerAfterMs: number) {
  const sessions = new Map<Socket, Set<string>>();
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    sessions.get(request.socket)?.add(request.url?.split('/')[1] ?? '');
    setTimeout(() => response.end('ok'), answerAfterMs);
  });
  server.on('connection', (socket) => sessions.set(socket, new Set()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Sessions of each connection that carried any. */
    carried: () => [...sessions.values()].filter(({ size }) => size > 0).map((each) => [...each].sort()),
    opened: () => sessions.size,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** So many sessions with an operation each every 10 ms. */
function rounds(sessions: number, count: number): TraceRecord[] {
  return Array.from({ length: sessions * count }, (_, i) => {
    const session = `s${i % sessions}`;
    return makeRecord({
      startNs: Math.floor(i / sessions) * 10 * MS,
      durationNs: MS,
      session,
      method: 'GET',
      path: `/${session}/${i}`,
    });
  });
}

/** What makes a record one of gRPC that says its session. */
function callOf(session: string) {
  const { protocol, method, path, body } = GRPC.record(session);
  return { protocol, method, path, body, outcome: { ...unknownOutcome(), status: 0 } };
}

type Server = Awaited<ReturnType<typeof startCounting>>;

/** Replays in this process and proves the document with its log. */
async function staged(
  records: TraceRecord[],
  given: Partial<RunOptions>,
  answerAfterMs: number,
  look: (document: ResultsDocument, server: Server) => void,
): Promise<void> {
  const server = await startCounting(answerAfterMs);
  try {
    look(await proven(records, { http: parseHttpEndpoint(server.url), ...given }), server);
  } finally {
    await server.close();
  }
}

/** The document of a replay in this process, which its log has proven. */
async function proven(records: TraceRecord[], given: Partial<RunOptions>): Promise<ResultsDocument> {
  const [tracePath, logPath] = [join(folder, 'one.trace.zst'), join(folder, 'one.rlog')];
  await writeTrace(tracePath, records);
  const trace = await openTrace(tracePath);
  try {
    const document = await measureReplay(
      { trace, http: undefined, grpc: undefined, replay: PATIENT, ...given },
      {
        clock: createRealClock(),
        nowMs: () => Date.now(),
        tool: { name: 'engram-trace', version: '0' },
        host: hostSection(),
        health: HEALTH_SOURCES,
        openReplayLog: (header) => startReplayLog({ path: logPath, header }),
        warn: () => {},
      },
    );
    const { checks, logDamage } = await verifyReplay(logPath, document, trace);
    assert.deepEqual(logDamage, []);
    assert.deepEqual(
      checks.filter(({ agrees }) => !agrees),
      [],
    );
    return validated(document);
  } finally {
    await trace.close();
    await rm(logPath, { force: true });
  }
}

describe('replay --connections', () => {
  // Two are those of gRPC below.
  for (const senders of [1, 3]) {
    it(`recorded: as many connections as sessions, none of them shared, with ${senders} senders`, () =>
      staged(rounds(12, 8), { connections: 'recorded', senders }, 0, (document, server) => {
        assert.equal(document.operations.successful, 96);
        assert.equal(document.plan.options['connections'], 'recorded');
        for (const sessions of server.carried()) assert.equal(sessions.length, 1);
        assert.equal(server.opened(), 12);
        assert.equal(new Set(server.carried().flat()).size, 12);
      }));

    it(`N: five connections at most, and every session on one of them, with ${senders} senders`, () =>
      staged(rounds(30, 8), { connections: 5, senders }, 1, (document, server) => {
        assert.equal(document.operations.successful, 240);
        assert.equal(document.plan.options['connections'], 5);
        assert.ok(server.opened() <= 5, `${server.opened()} connections`);
        const homes = server.carried().flat();
        assert.equal(homes.length, 30, 'no session is on two of them');
      }));
  }

  for (const [connections, most] of [
    ['recorded', 12],
    [3, 3],
    // Two of all threads together, as one thread has.
    ['pooled', 2],
  ] as const) {
    it(`${connections}: the same over gRPC, with 2 senders`, async () => {
      const server = await GRPC.start();
      try {
        const records = rounds(12, 8).map((record) => ({ ...record, ...callOf(record.session) }));
        const grpc = parseGrpcEndpoint(server.authority);
        const { operations } = await proven(records, { grpc, connections, senders: 2 });
        assert.equal(operations.successful, 96);
        const carried = server.byConnection().map((sessions) => new Set(sessions));
        assert.ok(carried.length <= most, `${carried.length} connections`);
        const homes = carried.flatMap((sessions) => [...sessions]);
        assert.equal(homes.length, 12, 'no session is on two of them');
        if (connections === 'recorded') for (const { size } of carried) assert.equal(size, 1);
      } finally {
        await server.close();
      }
    });
  }

  it('N: waiting for a busy connection is back-pressure, and neither transport nor generator', () =>
    staged(rounds(4, 2), { connections: 1, senders: 1 }, 30, ({ plan, fidelity }, server) => {
      assert.equal(plan.options['connections'], 1);
      assert.equal(server.opened(), 1);
      const { back_pressure: waited } = fidelity.lateness_attribution;
      assert.ok(waited.ops >= 4, `${waited.ops} waited`);
      assert.ok((waited.max_ms ?? 0) > 50, `for at most ${waited.max_ms} ms`);
      assert.ok(fidelity.attribution.back_pressure.ops >= 4);
      assert.ok(fidelity.reasons.some(({ code }) => code === 'back_pressure'));
      assert.ok(fidelity.accounting.closes);
    }));

  it('pooled, the default: says so', () =>
    staged(rounds(3, 2), { senders: 1 }, 0, ({ plan }) => {
      assert.equal(plan.options['connections'], 'pooled');
    }));

  it('is refused with the libraries, which choose connections themselves', async () => {
    const tracePath = join(folder, 'cli.trace.zst');
    await writeTrace(tracePath, rounds(2, 1));
    const common = ['replay', '--trace', tracePath, '--endpoint', 'http://127.0.0.1:1', '--dry-run'];
    for (const connections of ['recorded', '8']) {
      const refused = await run([...common, '--transport', 'library', '--connections', connections]);
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, new RegExp(`--connections ${connections} is not for --transport library`));
      assert.match(refused.stderr, /--transport wire/);
    }
    const pooled = await run([...common, '--transport', 'library', '--connections', 'pooled']);
    assert.equal(pooled.code, 0, pooled.stderr);
    for (const wrong of ['0', 'some', '1.5', '70000']) {
      const { code, stderr } = await run([...common, '--connections', wrong]);
      assert.equal(code, 2);
      assert.match(stderr, /not pooled, recorded, or a number from 1 to 65535/);
    }
  });

  it('with more sessions than files to open the rest fail by name, nothing is shared, and nothing breaks', async () => {
    const [tracePath, resultsPath] = [join(folder, 'few.trace.zst'), join(folder, 'few.json')];
    // The program itself opens several dozen modules at once as it starts.
    await writeTrace(tracePath, rounds(150, 2));
    const server = await startCounting(100);
    try {
      const program = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
      const flags = ['--trace', tracePath, '--endpoint', server.url, '--senders', '1', '-o', resultsPath];
      const command = [process.execPath, program, 'replay', ...flags, '--connections', 'recorded'];
      const child = spawn('sh', ['-c', 'ulimit -n 128 && exec "$@"', 'sh', ...command]);
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      const [code] = await once(child, 'close');
      // Most got no byte out, which voids the run; all the same it ends, and says why.
      assert.ok(code === 0 || code === 98, `${code}: ${said}`);
      const document = validated(JSON.parse(await readFile(resultsPath, 'utf8')) as ResultsDocument);
      assert.ok(document.fidelity.accounting.closes);
      assert.equal(document.operations.total, 300);
      assert.ok(document.operations.failed > 0);
      for (const { code: what, example } of document.errors) {
        assert.equal(what, 'connect_failed');
        assert.match(example, /connections there may be are in use/);
      }
      for (const sessions of server.carried()) assert.equal(sessions.length, 1);
    } finally {
      await server.close();
    }
  });
});
