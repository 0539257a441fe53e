import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { describe, it } from 'node:test';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { measureReplay } from '../../src/replay-run/measure-replay.ts';
import type { RunOptions } from '../../src/replay-run/options/run-options.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../src/replay-run/target/endpoint.ts';
import { HEALTH_SOURCES } from '../../src/results/health/health-sources.ts';
import { openTraceFile } from '../../src/trace/read/trace-file.ts';
import { traceFromFile } from '../../src/trace/read/trace-from-file.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { documentInput } from '../results/support.ts';
import { makeRecord } from '../support/make-record.ts';
import { withFile, writeTrace } from '../trace/support.ts';

const COUNT = 240;
/** Around what is copied beside its head (64 KiB), what a socket takes at once, and none at all. */
const SIZES = [0, 100, 4000, 16_000, 70_000, 200, 8000, 100_000];

const BODIES = Array.from({ length: COUNT }, (_, number) =>
  Buffer.alloc(SIZES[number % SIZES.length] ?? 0, `record ${number};`),
);

function bodyOf(number: number): Buffer {
  return BODIES[number] ?? assert.fail(`record ${number}`);
}

function recordOf(number: number): TraceRecord {
  const isGrpc = number % 3 === 0;
  const body = bodyOf(number);
  const shared = { session: `s${number % 40}`, body, path: `/${number}`, method: 'POST' };
  return makeRecord(number * 1000, isGrpc ? { ...shared, protocol: 'grpc', path: `/a.B/${number}` } : shared);
}

/** Compares each byte that arrives with what was recorded, whatever becomes of the request. */
class Witness {
  bytes = 0;
  wrong = 0;

  see(number: number, framing: number, at: number, chunk: Buffer): void {
    const body = bodyOf(number);
    const from = Math.max(0, at - framing);
    const seen = chunk.subarray(Math.max(0, framing - at));
    this.bytes += seen.length;
    if (Buffer.compare(seen, body.subarray(from, from + seen.length)) !== 0) this.wrong += 1;
  }
}

/** Most requests are read and answered; some are answered before they are read, cut off, or never answered. */
function answerHttp(witness: Witness, request: IncomingMessage, response: ServerResponse): void {
  const number = Number(request.url?.slice(1));
  let at = 0;
  request.on('error', () => {});
  if (number % 31 === 4) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  request.on('data', (chunk: Buffer) => {
    witness.see(number, 0, at, chunk);
    at += chunk.length;
    if (number % 37 === 5) request.socket.destroy();
  });
  if (number % 101 === 7) return;
  request.on('end', () => setTimeout(() => response.end('ok'), number % 5));
}

function answerGrpc(witness: Witness, stream: ServerHttp2Stream, path: string): void {
  const number = Number(path.split('/').at(-1));
  let at = 0;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    witness.see(number, 5, at, chunk);
    at += chunk.length;
    if (number % 37 === 6) stream.close(8);
  });
  if (number % 101 === 10) return;
  stream.on('end', () => {
    if (stream.closed || stream.destroyed) return;
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
      { endStream: true },
    );
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Replays with memory that is overwritten as soon as it is given back. Returns how often that was, and how many pieces of it there are. */
async function playPoisoned(
  path: string,
  witness: Witness,
  given: Partial<RunOptions>,
): Promise<{ times: number; pieces: number }> {
  const http = createServer((request, response) => answerHttp(witness, request, response));
  const grpc = createHttp2Server();
  grpc.on('stream', (stream, headers) => answerGrpc(witness, stream, `${headers[':path']}`));
  const sessions = new Set<{ destroy(): void }>();
  grpc.on('session', (session) => sessions.add(session));
  let times = 0;
  let pieces = 0;
  const trace = traceFromFile(await openTraceFile(path), {
    onMade: () => (pieces += 1),
    onGiven: (memory) => {
      times += 1;
      new Uint8Array(memory).fill(0xdd);
    },
  });
  const { tool, host } = documentInput();
  try {
    await measureReplay(
      {
        trace,
        http: parseHttpEndpoint(`http://127.0.0.1:${await listen(http)}`),
        grpc: parseGrpcEndpoint(`127.0.0.1:${await listen(grpc)}`),
        rehearsal: false,
        ...given,
        replay: {
          timing: { kind: 'asap' },
          timeoutNs: 5e9,
          maxInFlight: 32,
          readAheadBytes: 256 * 1024,
          ...given.replay,
        },
      },
      {
        clock: createRealClock({ precision: 'eco' }),
        nowMs: () => 0,
        tool,
        host,
        health: HEALTH_SOURCES,
        warn: () => {},
      },
    );
  } finally {
    await trace.close();
    http.closeAllConnections();
    for (const session of sessions) session.destroy();
    http.close();
    grpc.close();
  }
  return { times, pieces };
}

const CASES: Partial<RunOptions>[] = [
  { replay: { loops: 2 } },
  { senders: 2 },
  { replay: { timing: { kind: 'think' }, multiplier: 1000, maxHeldBytes: 256 * 1024 } },
  // Copies are made of records that were read before: nothing is used again.
  { replay: { copies: 2 } },
];

// Side by side, as most of their time is that of requests which nobody answers.
describe('no server sees a byte of memory that was used again, whatever becomes of requests', {
  concurrency: true,
}, () => {
  const records = Array.from({ length: COUNT }, (_, number) => recordOf(number));
  const trace = writeTrace(records, {}, { maxBlockBytes: 64 * 1024 });
  const all = records.reduce((sum, { body }) => sum + body.length, 0);
  for (const given of CASES) {
    it(JSON.stringify(given), async () => {
      await withFile(await trace, async (path) => {
        const witness = new Witness();
        const { times, pieces } = await playPoisoned(path, witness, given);
        assert.equal(witness.wrong, 0);
        assert.ok(witness.bytes > all * 0.7, `${witness.bytes} of ${all} bytes arrived`);
        const isRecycled = given.replay?.copies === undefined;
        assert.equal(times > 24, isRecycled, `memory was given back ${times} times`);
        assert.equal(pieces > 0, isRecycled, `${pieces} pieces of memory were made`);
      });
    });
  }
});
