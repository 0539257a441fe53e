import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { MS, makeRecord } from '../../results/support.ts';
import { assertFaults, type ExpectedError } from './assert-faults.ts';
import { LIBRARY, type Means, playFaults, SHORT_MS, TWO_SENDERS, WIRE } from './fault-run.ts';
import { type HttpFaultServer, OK, startHttpServer } from './http-fault-server.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
/** A document that has this status took a late answer for that to another request. */
const LATE = OK.replace('200', '418');
const LATE_MS = SHORT_MS + 250;
/** How far an operation had come depends on the machine too. */
const TIMED_OUT = /^no whole answer within 1\d\d\d ms: \w/;

/** What a server does with one request, and no other; without a code it is a good answer all the same. */
interface Fault {
  op: string;
  act(socket: Socket): void;
  code?: string;
  example?: RegExp;
  /** Where undici tells it in other words. */
  library?: RegExp;
}

const FAULTS: readonly Fault[] = [
  { op: 'fine', act: (socket) => socket.write(OK) },
  { op: 'slow', act: (socket) => setTimeout(() => socket.write(OK), 60) },
  {
    op: 'reset',
    act: (socket) => socket.resetAndDestroy(),
    code: 'connection_reset',
    example: /ECONNRESET/,
  },
  {
    op: 'closed',
    act: (socket) => socket.end(),
    code: 'connection_closed',
    example: /closed the .*connection before it answered/,
    library: /other side closed/,
  },
  {
    op: 'half_length',
    act: (socket) => socket.end(`${HEAD}content-length: 9\r\n\r\nhalf`),
    code: 'connection_closed',
    example: /inside the answer/,
    library: /other side closed/,
  },
  {
    op: 'half_chunks',
    act: (socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n9\r\nhalf`),
    code: 'connection_closed',
    example: /inside the answer/,
    library: /other side closed/,
  },
  {
    op: 'half_head',
    act: (socket) => socket.end(`${HEAD}content-le`),
    code: 'connection_closed',
    example: /inside the head/,
    library: /other side closed/,
  },
  {
    op: 'huge_head',
    act: (socket) => socket.write(`${HEAD}x: ${'y'.repeat(1e6)}\r\ncontent-length: 0\r\n\r\n`),
    code: 'bad_response',
    example: /more than 256 KB of headers/,
    library: /Headers Overflow/,
  },
  {
    op: 'garbage',
    act: (socket) => socket.write('\x16\x03\x01 what is this?\r\n\r\n'),
    code: 'bad_response',
    example: /the server speaks TLS there/,
    library: /does not match the HTTP\/1\.1 protocol/,
  },
];

const WAITS: readonly Fault[] = [
  { op: 'fine', act: (socket) => socket.write(OK) },
  { op: 'silent', act: () => {}, code: 'timeout', example: TIMED_OUT },
  {
    op: 'late',
    act: (socket) => setTimeout(() => socket.write(LATE), LATE_MS),
    code: 'timeout',
    example: TIMED_OUT,
  },
  {
    op: 'late_half',
    act: (socket) => {
      socket.write(`${HEAD}content-length: 4\r\n\r\nno`);
      setTimeout(() => socket.write(`ok${LATE}`), LATE_MS);
    },
    code: 'timeout',
    example: TIMED_OUT,
  },
];

const ROUNDS = 4;
/** Operations that come while late answers do. */
const LATECOMERS = 12;

/** Every fault `ROUNDS` times, spread over sessions, so that a session goes on behind each. */
function medley(faults: readonly Fault[], sessions: number): TraceRecord[] {
  return Array.from({ length: ROUNDS * faults.length }, (_, number) => {
    const { op } = faults[number % faults.length] as Fault;
    const session = `s${number % sessions}`;
    return makeRecord({ startNs: number * 4 * MS, durationNs: MS, session, op, path: `/${op}/${number}` });
  });
}

/** For the late answers to be taken for theirs. */
function latecomers(): TraceRecord[] {
  return Array.from({ length: LATECOMERS }, (_, number) =>
    makeRecord({
      startNs: (SHORT_MS - 200 + number * 80) * MS,
      session: `late${number}`,
      op: 'fine',
      path: '/fine/',
    }),
  );
}

function startMedley(faults: readonly Fault[]): Promise<HttpFaultServer> {
  return startHttpServer((socket, _, op) => faults.find((fault) => fault.op === op)?.act(socket));
}

function errorsOf(faults: readonly Fault[], { transport }: Means): ExpectedError[] {
  return faults.flatMap(({ op, code, example, library }) => {
    if (code === undefined || example === undefined) return [];
    return [{ op, code, count: ROUNDS, example: transport === 'library' ? (library ?? example) : example }];
  });
}

describe('an HTTP server that misbehaves', { concurrency: 8 }, () => {
  for (const means of [WIRE, LIBRARY, TWO_SENDERS]) {
    const by = `${means.transport}, ${means.senders} senders`;

    it(`answers in no way it should, one after the other (${by})`, async () => {
      const records = medley(FAULTS, 5);
      const run = await playFaults({ records, start: () => startMedley(FAULTS), means, isLogged: true });
      assertFaults(run, records, { ok: 2 * ROUNDS, errors: errorsOf(FAULTS, means), exitCode: 0 });
      assert.equal(run.server.count(), records.length, 'every operation was sent once');
    });

    it(`answers late or never: nothing is taken for another answer (${by})`, async () => {
      const records = [...medley(WAITS, 11), ...latecomers()];
      const run = await playFaults({ records, start: () => startMedley(WAITS), means, isShort: true });
      const fine: ExpectedError = {
        op: 'fine',
        code: 'timeout',
        count: [0, ROUNDS + LATECOMERS],
        example: /./,
      };
      const errors = [fine, ...errorsOf(WAITS, means)];
      assertFaults(run, records, {
        ok: [0, ROUNDS + LATECOMERS],
        errors,
        neverLeft: [0, records.length],
        exitCode: 0,
      });
      assert.ok(run.server.count() <= records.length, 'nothing was sent twice');
    });
  }
});
