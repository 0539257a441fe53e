import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { ArrivalLine } from '../../src/dev-server/arrival-log.ts';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { parseLatency } from '../../src/dev-server/faults/latency.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { runCli } from '../cli/run-cli.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { arrivalsIn, burstyRecords, requestCrc, writeTrace } from './bursty-trace.ts';

const records = burstyRecords();
let folder = '';
let trace = '';

before(async () => {
  folder = newFolder();
  trace = join(folder, 'bursty.trace.zst');
  await writeTrace(trace, records);
});

// As recorded they are played by most other tests.
for (const multiplier of [0.5, 2, 10]) {
  test(`at ${multiplier}x every record arrives once, each session in its order`, async () => {
    const { document, arrivals } = await replayed([
      '--trace',
      trace,
      '--rate-multiplier',
      String(multiplier),
    ]);
    assertEachOnce(arrivals, records);
    assertSessionOrder(arrivals, records);
    const { accounting } = document.fidelity;
    assert.deepEqual(
      {
        planned: accounting.planned,
        sent: accounting.sent,
        ok: accounting.ok,
        inversions: document.fidelity.inversions,
      },
      { planned: records.length, sent: records.length, ok: records.length, inversions: 0 },
    );
    const spanNs = (records.at(-1)?.startNs ?? 0) - (records[0]?.startNs ?? 0);
    assert.ok(
      (document.summary.duration_secs ?? 0) >= spanNs / multiplier / 1e9,
      'never faster than planned',
    );
  });
}

test('filter | replay sends exactly what filter | cat lists', async () => {
  const selection = ['--op', 'remember', '--op', 'chat', '--session', 'session-2', '--session', 'session-3'];
  const piped = await runCli(['filter', trace, ...selection]);
  assert.equal(piped.code, 0, piped.stderr);
  const listed = await runCli(['cat', '-'], { input: piped.stdoutBytes });
  const lines = listed.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const wanted = records.filter(({ session }) => session === 'session-2' || session === 'session-3');
  assert.deepEqual(
    lines.filter((line) => line.header === undefined).map((line) => [line.session, line.start_ns]),
    wanted.map(({ session, startNs }) => [session, startNs]),
  );
  const { arrivals } = await replayed(['--trace', '-', '--rate-multiplier', '4'], piped.stdoutBytes);
  assertEachOnce(arrivals, wanted);
});

/** Runs `replay` against a new server; gives the document and what the server saw. */
async function replayed(args: readonly string[], input?: Uint8Array) {
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
  const targets = [
    '--endpoint',
    `http://127.0.0.1:${server.httpPort}`,
    '--grpc-endpoint',
    `127.0.0.1:${server.grpcPort}`,
  ];
  const ended = await runCli(['replay', ...args, ...targets], input === undefined ? {} : { input });
  await server.close();
  // 98 says the machine was too busy to keep the times; what was sent, and in which order, must hold all the same.
  assert.ok(ended.code === 0 || ended.code === 98, ended.stderr);
  return {
    document: validated(JSON.parse(ended.stdout)),
    arrivals: arrivalsIn(await readFile(arrivalLog, 'utf8')),
  };
}

function assertEachOnce(arrivals: readonly ArrivalLine[], wanted: readonly TraceRecord[]): void {
  const crcs = (values: number[]) => values.sort((a, b) => a - b);
  assert.deepEqual(crcs(arrivals.map(({ body_crc32 }) => body_crc32)), crcs(wanted.map(requestCrc)));
}

function assertSessionOrder(arrivals: readonly ArrivalLine[], wanted: readonly TraceRecord[]): void {
  const sessionOf = new Map(wanted.map((record) => [requestCrc(record), record.session]));
  const bySession = (crcs: readonly number[]) => groupBySession(crcs, sessionOf);
  assert.deepEqual(
    bySession(arrivals.map(({ body_crc32 }) => body_crc32)),
    bySession(wanted.map(requestCrc)),
  );
}

function groupBySession(
  crcs: readonly number[],
  sessionOf: ReadonlyMap<number, string>,
): Record<string, number[]> {
  const groups: Record<string, number[]> = {};
  for (const crc of crcs) {
    const session = sessionOf.get(crc) ?? 'unknown';
    groups[session] ??= [];
    groups[session].push(crc);
  }
  return groups;
}
