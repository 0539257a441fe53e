import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FRAME, frameOf, MAX_STREAM_ID } from '../../../src/wire/http2/frames.ts';
import { goodAnswer, HEAD, headersOf, messageOf, type Peer } from '../../transports/conformance-grpc-peer.ts';
import { assertFaults, type ExpectedError } from './assert-faults.ts';
import { connectionsOf, LIBRARY, playFaults, TWO_SENDERS, WIRE } from './fault-run.ts';
import { grpcCalls } from './grpc-calls.ts';
import {
  type FaultCall,
  type GrpcFaultServer,
  goAway,
  hpackGarbage,
  hugeHeaders,
  startGrpcServer,
} from './grpc-fault-server.ts';

/** Calls of a run, and the number of the one at which the server goes wrong. */
const CALLS = 60;
const AT = 20;
const ANSWER_MS = 15;

/** A call may be on its way to the socket while the server's end of it comes, or find the socket closed. */
const ON_ITS_WAY: readonly ExpectedError[] = ['connection_closed', 'connection_reset'].map((code) => ({
  ...{ code, op: 'call', count: [0, CALLS] as const, example: /./ },
}));

/** What a server does to the connection of one call, and so to all calls that are under way on it. */
interface Fault {
  what: string;
  act(call: FaultCall): void;
  /** What those calls end as; undefined: nothing is lost. */
  code?: string;
  example?: RegExp;
  /** The same of grpc-js; `waits`: it does not notice, and calls time out. */
  inLibrary?: { code: string; example: RegExp } | 'waits';
  /** Stands for its like with several senders. */
  isTelling?: boolean;
}

const FAULTS: readonly Fault[] = [
  {
    what: 'goes away in two steps, as it should',
    act: ({ peer, afterRoundTrip }) => {
      peer.send(goAway(MAX_STREAM_ID));
      // RFC 9113, 6.8: the last stream is named when whatever was on its way must have come.
      afterRoundTrip(() => peer.send(goAway(lastStreamOf(peer))));
    },
  },
  {
    what: 'goes away before it takes what is under way',
    act: ({ peer, id }) => peer.send(goAway(id - 2)),
    code: 'keepalive_closed',
    example: /^the server went away \(NO_ERROR\) before it took this call$/,
    inLibrary: { code: 'connection_reset', example: /refused by server/ },
  },
  {
    what: 'goes away with an error and closes',
    act: ({ peer, id }) => {
      peer.send(goAway(id, 11, 'too_many_pings'));
      peer.socket.end();
    },
    code: 'connection_closed',
    example: /^the server went away \(ENHANCE_YOUR_CALM, too_many_pings\)/,
    inLibrary: { code: 'connection_reset', example: /./ },
  },
  {
    what: 'sends a frame larger than allowed',
    act: ({ peer, id }) => peer.send(headersOf(id, HEAD), frameOf(FRAME.data, 0, id, Buffer.alloc(20_000))),
    code: 'bad_response',
    example: /a frame of 20000 bytes/,
    inLibrary: 'waits',
  },
  {
    what: 'sends SETTINGS of seven bytes',
    act: ({ peer }) => peer.send(frameOf(FRAME.settings, 0, 0, Buffer.alloc(7))),
    code: 'bad_response',
    example: /SETTINGS of the wrong size/,
    inLibrary: 'waits',
  },
  {
    what: 'sends HPACK garbage',
    act: ({ peer, id }) => peer.send(hpackGarbage(id)),
    code: 'bad_response',
    example: /not HPACK: index 16383 is in no table/,
    inLibrary: 'waits',
    isTelling: true,
  },
  {
    what: 'sends 1 MB of metadata',
    act: ({ peer, id }) => peer.send(hugeHeaders(id)),
    code: 'bad_response',
    example: /a header block too long/,
    inLibrary: { code: 'connection_reset', example: /./ },
  },
  {
    what: 'closes in the middle of an answer',
    act: ({ peer, id }) => {
      peer.send(headersOf(id, HEAD), frameOf(FRAME.data, 0, id, messageOf('hello').subarray(0, 7)));
      peer.socket.end();
    },
    code: 'connection_closed',
    example: /the server closed the connection/,
    inLibrary: { code: 'connection_closed', example: /Connection dropped/ },
  },
  {
    what: 'resets the connection',
    act: ({ peer }) => peer.socket.resetAndDestroy(),
    code: 'connection_reset',
    example: /ECONNRESET/,
  },
];

function lastStreamOf({ frames }: Peer): number {
  return frames.reduce((last, { streamId }) => Math.max(last, streamId), 0);
}

interface FaultyServer extends GrpcFaultServer {
  /** Calls that came on connections which never broke. */
  safe(): number;
  /** Calls that came after the connection broke. */
  later(): number;
}

async function startFaulty({ act }: Fault): Promise<FaultyServer> {
  const came: Peer[] = [];
  let broken: Peer | undefined;
  const server = await startGrpcServer((call) => {
    const { peer, id, before } = call;
    came.push(peer);
    if (before === AT) {
      broken = peer;
      act(call);
    }
    setTimeout(() => peer.send(...goodAnswer(id)), ANSWER_MS);
  });
  return {
    ...server,
    safe: () => came.filter((peer) => peer !== broken).length,
    later: () => came.length - AT - 1,
  };
}

describe('a gRPC server that breaks a connection', { concurrency: 2 }, () => {
  const records = grpcCalls({ count: CALLS, gapMs: 3, sessions: 7 });
  for (const fault of FAULTS) {
    for (const means of fault.isTelling ? [WIRE, TWO_SENDERS] : [WIRE]) {
      it(`${fault.what} (wire, ${means.senders} senders)`, async () => {
        const { code, example } = fault;
        const { server, ...run } = await playFaults({ records, start: () => startFaulty(fault), means });
        assertFaults(run, records, {
          // What was under way on that connection is lost, and nothing on another one.
          ok: code === undefined ? CALLS : [server.safe(), CALLS - 1],
          errors:
            code && example
              ? [
                  { code, op: 'call', count: [1, CALLS], example },
                  ...ON_ITS_WAY.filter((each) => each.code !== code),
                ]
              : [],
          neverLeft: code === undefined ? 0 : [0, CALLS],
          // One call of sixty is more than the hundredth that may be.
          reasons: code === 'keepalive_closed' ? ['keepalive_closed'] : [],
          exitCode: 0,
        });
        const { never_left: neverLeft, errors } = run.document.fidelity.accounting;
        assert.ok(server.count() <= CALLS - neverLeft, 'no call was sent twice');
        assert.ok(server.count() >= CALLS - errors, 'every call was sent');
        const hasReplacement = server.connections() === connectionsOf(means) + 1;
        assert.ok(hasReplacement || server.later() === 0, 'another one took its place');
      });
    }

    // Where grpc-js does not notice anything, once is enough to see that the replay does not hang with it.
    if (fault.inLibrary === 'waits' && !fault.isTelling) continue;

    it(`${fault.what} (library)`, async () => {
      const { code, example, inLibrary: library } = fault;
      const isShort = library === 'waits';
      const run = await playFaults({ records, start: () => startFaulty(fault), means: LIBRARY, isShort });
      const told = library === 'waits' ? { code: 'timeout', example: /nothing of an answer/ } : library;
      const wanted = told ?? (code && example ? { code, example } : undefined);
      const main = wanted === undefined ? [] : [{ ...wanted, op: 'call', count: [0, CALLS] as const }];
      // grpc-js may begin a call on a connection that is being torn down, however politely.
      const rest = ON_ITS_WAY.filter(({ code: each }) => each !== wanted?.code);
      const errors = [...main, ...rest];
      assertFaults(run, records, { ok: [0, CALLS], errors, neverLeft: [0, CALLS], exitCode: 0 });
      assert.ok(wanted === undefined || run.document.operations.failed > 0);
    });
  }
});
