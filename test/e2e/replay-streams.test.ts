import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { CountRequest, EchoMessage } from '../../src/gen/engramtrace/test/v1/shapes.ts';
import type { Percentiles } from '../../src/results/document/latency-section.ts';
import type { StreamsSection } from '../../src/results/document/streams-section.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import type { GrpcStream, TraceRecord } from '../../src/trace/record/record.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { runCli } from '../cli/run-cli.ts';
import { startServer } from '../dev-server/support/start-server.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS } from '../support/replay-harness.ts';
import { writeTrace } from './bursty-trace.ts';

const ROUNDS = 12;

let folder = '';
let trace = '';
before(async () => {
  folder = newFolder();
  trace = join(folder, 'streams.trace.zst');
  await writeTrace(trace, recordedStreams());
});

/** In each round a stream of every shape, and a call that is none, each of a session of its own. */
function recordedStreams(): TraceRecord[] {
  return Array.from({ length: ROUNDS }, (_, round) => {
    const startNs = round * 50 * MS;
    const echo = EchoMessage.encode({ number: round, payload: Buffer.from('x'), failWith: 0 }).finish();
    const count = CountRequest.encode({ count: 3, intervalMs: 15, payloadBytes: 10 }).finish();
    const message = (fromServer: boolean, data: Uint8Array) => (atMs: number) => ({
      fromServer,
      offsetNs: atMs * MS,
      data,
      sizeBytes: data.length,
      compressed: false,
    });
    const said = message(false, echo);
    const heard = message(true, new Uint8Array(0));
    return [
      callOf('Chat', startNs, round, {
        messages: [said(0), heard(1), said(20), heard(21), said(60), heard(61)],
        halfCloseNs: 70 * MS,
        cancelNs: undefined,
      }),
      callOf('Collect', startNs, round, {
        messages: [0, 5, 10, 20].map(said),
        halfCloseNs: 25 * MS,
        cancelNs: undefined,
      }),
      callOf('Count', startNs, round, {
        messages: [message(false, count)(0), ...[16, 31, 46].map(heard)],
        halfCloseNs: 0,
        cancelNs: undefined,
      }),
      { ...callOf('Echo', startNs, round, undefined), body: echo },
    ];
  }).flat();
}

function callOf(rpc: string, startNs: number, round: number, stream: GrpcStream | undefined): TraceRecord {
  return makeRecord(startNs, {
    durationNs: 75 * MS,
    session: `${rpc}-${round % 3}`,
    op: rpc.toLowerCase(),
    protocol: 'grpc',
    method: 'POST',
    path: `/engramtrace.test.v1.Shapes/${rpc}`,
    headers: ['content-type', 'application/grpc', 'te', 'trailers'],
    stream,
  });
}

test('streams are the same by either transport and any number of senders, and the log proves each message', async (t) => {
  const server = await startServer(t);
  // The others are in the replays by several senders.
  for (const [transport, senders] of [
    ['library', 1],
    ['wire', 2],
  ] as const) {
    const which = `${transport}, ${senders} senders`;
    const [log, output] = [join(folder, 'run.rlog'), join(folder, 'run.json')];
    const ended = await runCli([
      ...['replay', '--trace', trace, '--rate-multiplier', '2', '--force', '--quiet'],
      ...['--transport', transport, '--senders', String(senders)],
      ...['--grpc-endpoint', `127.0.0.1:${server.grpcPort}`, '--replay-log', log, '--output', output],
    ]);
    assert.ok(ended.code === 0 || ended.code === 98, ended.stderr);
    const document = validated(JSON.parse(await readFile(output, 'utf8')));
    assert.equal(document.fidelity.accounting.ok, 4 * ROUNDS, which);
    assert.equal(document.fidelity.accounting.closes, true);
    checkStreams(document.streams as StreamsSection, which);
    const opened = await openTrace(trace);
    const { checks, logDamage } = await verifyReplay(log, document, opened);
    await opened.close();
    assert.deepEqual(logDamage, []);
    assert.deepEqual(
      checks.filter(({ agrees }) => !agrees),
      [],
      which,
    );
  }
});

function checkStreams(streams: StreamsSection, which: string): void {
  const { message_send_error_us, message_lateness_us, received_gap_us, recorded_gap_us, ...counts } = streams;
  assert.deepEqual(
    counts,
    {
      operations: 3 * ROUNDS,
      left: 3 * ROUNDS,
      messages_planned: 8 * ROUNDS,
      messages_sent: 8 * ROUNDS,
      messages_unsent: 0,
      messages_recorded: 6 * ROUNDS,
      // Collect answers once, which its recording here does not.
      messages_received: 7 * ROUNDS,
      messages_untimed: 0,
    },
    which,
  );
  const of = (section: object, op: string): Percentiles =>
    (section as Record<string, Percentiles>)[op] as Percentiles;
  for (const section of [message_send_error_us, message_lateness_us]) {
    assert.deepEqual(Object.keys(section), ['overall', 'chat', 'collect', 'count']);
    assert.equal(of(section, 'overall').count, 8 * ROUNDS);
    assert.ok((of(section, 'overall').min ?? -1) >= 0);
  }
  const [received, recorded] = [of(received_gap_us, 'count'), of(recorded_gap_us, 'count')];
  assert.deepEqual([received.count, recorded.count, recorded.p50], [2 * ROUNDS, 2 * ROUNDS, 15_000]);
  assert.equal(of(recorded_gap_us, 'chat').max, 40_000);
}
