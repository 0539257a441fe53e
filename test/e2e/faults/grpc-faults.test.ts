import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { FRAME, frameOf, SETTING } from '../../../src/wire/http2/frames.ts';
import { MS } from '../../results/support.ts';
import {
  goodAnswer,
  HEAD,
  headersOf,
  messageOf,
  OK_TRAILERS,
} from '../../transports/conformance-grpc-peer.ts';
import { assertFaults, type Count, type ExpectedError } from './assert-faults.ts';
import { connectionsOf, LIBRARY, type Means, playFaults, SHORT_MS, TWO_SENDERS, WIRE } from './fault-run.ts';
import { grpcCalls } from './grpc-calls.ts';
import {
  type FaultCall,
  type GrpcFaultServer,
  reset,
  startGrpcServer,
  windowUpdate,
} from './grpc-fault-server.ts';

/** A status that only late answers have: in a document, one of them was taken for another's. */
const LATE = ['grpc-status', '9'];
const LATE_MS = SHORT_MS + 250;
/** How far an operation had come depends on the machine too. */
const TIMED_OUT = /^no whole answer within 1\d\d\d ms: \w/;

/** What a server does with one call, and no other; without a code it is a good answer all the same. */
interface Fault {
  op: string;
  act(call: FaultCall): void;
  code?: string;
  example?: RegExp;
  /** Where grpc-js tells it in other words, or takes it for a good answer. */
  library?: RegExp | 'never told';
}

const answer = ({ peer, id }: FaultCall): void => peer.send(...goodAnswer(id));
const half = (id: number): Buffer => frameOf(FRAME.data, 0, id, messageOf('hello').subarray(0, 7));

const FAULTS: readonly Fault[] = [
  { op: 'fine', act: answer },
  { op: 'slow', act: (call) => setTimeout(() => answer(call), 60) },
  {
    op: 'reset',
    act: ({ peer, id }) => peer.send(reset(id, 2)),
    code: 'connection_reset',
    example: /INTERNAL_ERROR/,
    library: /RST_STREAM with code 2/,
  },
  {
    op: 'refused',
    act: ({ peer, id }) => peer.send(reset(id, 7)),
    code: 'connection_reset',
    example: /REFUSED_STREAM/,
    library: /refused by server/,
  },
  {
    op: 'no_trailers',
    act: ({ peer, id }) => peer.send(headersOf(id, HEAD), frameOf(FRAME.data, 1, id, messageOf('hello'))),
    code: 'connection_closed',
    example: /without a grpc-status/,
    library: /without gRPC status/,
  },
  {
    op: 'half_message',
    act: ({ peer, id }) => peer.send(headersOf(id, HEAD), half(id), headersOf(id, OK_TRAILERS, true)),
    code: 'bad_response',
    example: /broken off/,
    library: 'never told',
  },
  {
    op: 'page',
    act: ({ peer, id }) => peer.send(headersOf(id, [':status', '502', 'content-type', 'text/html'], true)),
    code: 'bad_response',
    example: /HTTP status 502/,
    library: /HTTP status code 502/,
  },
];

const WAITS: readonly Fault[] = [
  { op: 'fine', act: answer },
  { op: 'silent', act: () => {}, code: 'timeout', example: TIMED_OUT },
  {
    op: 'late',
    act: ({ peer, id }) => setTimeout(() => peer.send(headersOf(id, [...HEAD, ...LATE], true)), LATE_MS),
    code: 'timeout',
    example: TIMED_OUT,
  },
  {
    op: 'late_half',
    act: ({ peer, id }) => {
      peer.send(headersOf(id, HEAD), half(id));
      setTimeout(() => peer.send(headersOf(id, LATE, true)), LATE_MS);
    },
    code: 'timeout',
    example: TIMED_OUT,
  },
  {
    // The server takes its headers and never its message.
    op: 'stuck',
    act: () => assert.fail('there is no window for it'),
    code: 'timeout',
    example: TIMED_OUT,
  },
];

const ROUNDS = 4;
/** Operations that come while late answers do. */
const LATECOMERS = 12;

function medley(faults: readonly Fault[], sessions: number): TraceRecord[] {
  const op = (number: number): string => faults[number % faults.length]?.op ?? '';
  return grpcCalls({ count: ROUNDS * faults.length, gapMs: 4, sessions, op });
}

/** For the late answers to be taken for theirs. */
function latecomers(): TraceRecord[] {
  const op = (): string => 'fine';
  const calls = grpcCalls({ count: LATECOMERS, gapMs: 80, sessions: LATECOMERS, op });
  return calls.map((call) => ({
    ...call,
    startNs: call.startNs + (SHORT_MS - 200) * MS,
    session: `late-${call.session}`,
  }));
}

/** Without what a transport can't know. */
function knownTo(faults: readonly Fault[], { transport }: Means): readonly Fault[] {
  return transport === 'wire' ? faults : faults.filter(({ library }) => library !== 'never told');
}

function errorsOf(faults: readonly Fault[], { transport }: Means): ExpectedError[] {
  return faults.flatMap(({ op, code, example, library }) => {
    if (code === undefined || example === undefined) return [];
    const words = library instanceof RegExp && transport === 'library' ? library : example;
    return [{ op, code, count: ROUNDS, example: words }];
  });
}

function startMedley(faults: readonly Fault[], grantsWindows = false): Promise<GrpcFaultServer> {
  const onCall = (one: FaultCall): void => faults.find(({ op }) => op === one.op)?.act(one);
  if (!grantsWindows) return startGrpcServer(onCall);
  return startGrpcServer(onCall, {
    settings: [[SETTING.initialWindowSize, 0]],
    onHeaders: ({ peer, id, op }) => {
      if (op !== 'stuck') peer.send(windowUpdate(id, 1000));
    },
  });
}

describe('a gRPC server that misbehaves', { concurrency: 8 }, () => {
  for (const means of [WIRE, LIBRARY, TWO_SENDERS]) {
    const by = `${means.transport}, ${means.senders} senders`;

    it(`answers in no way it should, one after the other (${by})`, async () => {
      const faults = knownTo(FAULTS, means);
      const records = medley(faults, 5);
      const run = await playFaults({ records, start: () => startMedley(faults), means, isLogged: true });
      // grpc-js may end a call before it says that it has left.
      const neverLeft: Count = means.transport === 'library' ? [0, records.length] : 0;
      assertFaults(run, records, { ok: 2 * ROUNDS, errors: errorsOf(faults, means), neverLeft, exitCode: 0 });
      assert.equal(run.server.count(), records.length, 'every operation was sent once');
      assertKept(run.server, means);
    });

    it(`answers late or never: nothing is taken for another answer (${by})`, async () => {
      const records = [...medley(WAITS, 11), ...latecomers()];
      const start = () => startMedley(WAITS, true);
      const run = await playFaults({ records, start, means, isShort: true });
      const fine: ExpectedError = {
        op: 'fine',
        code: 'timeout',
        count: [0, ROUNDS + LATECOMERS],
        example: /./,
      };
      assertFaults(run, records, {
        ok: [0, ROUNDS + LATECOMERS],
        errors: [fine, ...errorsOf(WAITS, means)],
        // Time may run out for a call before the machine lets it leave.
        neverLeft: [0, records.length],
        exitCode: 0,
      });
      assertKept(run.server, means);
    });
  }
});

/**
 * No connection is given up for what a server does with one call. One more may be opened where calls find no room at
 * once, or where the machine stood still for longer than a greeting may take.
 */
function assertKept(server: GrpcFaultServer, means: Means): void {
  const [count, usual] = [server.connections(), connectionsOf(means)];
  assert.ok(count >= usual && count <= usual + means.senders, `${count} connections`);
}
