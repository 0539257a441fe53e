import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { SendOutcome, Transport } from '../../src/replay/ports.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import type { ConnectionMode } from '../../src/transports/connect/connection-mode.ts';
import { createWireGrpcTransport } from '../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { createWireHttpTransport } from '../../src/transports/wire-http/wire-http-transport.ts';
import { FRAME, SETTING } from '../../src/wire/http2/frames.ts';
import { makeRecord } from '../support/make-record.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import { endsRequest, goodAnswer, type Peer, type PeerFrame, startPeer } from './conformance-grpc-peer.ts';
import { grpcCall } from './conformance-grpc-support.ts';
import { isHead, OK } from './conformance-http-support.ts';

/** An operation that is not answered yet. */
export interface Held {
  readonly session: string;
  answer(): void;
  /** Resets its connection. */
  reset(): void;
}

/** A server that knows which session came on which connection. */
export interface SessionServer {
  /** host:port. */
  readonly authority: string;
  /** Sessions of the operations that came, by connection, in order; a connection without one is there too. */
  byConnection(): string[][];
  /** While `isOn`, operations are not answered, but put in `list`. */
  readonly hold: { isOn: boolean; readonly list: Held[] };
  create(options: ModeOptions): Transport;
  close(): Promise<void>;
}

export interface ModeOptions {
  mode: ConnectionMode;
  mostConnections?: number;
}

export interface ModeSubject {
  readonly name: 'http' | 'grpc';
  /** `mostStreams`: what a gRPC server allows on one connection at a time. */
  start(mostStreams?: number): Promise<SessionServer>;
  record(session: string): TraceRecord;
}

export const HTTP: ModeSubject = {
  name: 'http',
  record: (session) => makeRecord(0, { session, path: `/${session}` }),
  async start() {
    const state = newState();
    const server = await startScriptedServer((socket, text, connection) => {
      if (!isHead(text)) return false;
      const session = / \/(\S*) /.exec(text)?.[1] ?? '';
      came(state, connection, session, {
        answer: () => socket.write(OK),
        reset: () => socket.resetAndDestroy(),
      });
      return true;
    });
    const origin = new URL(`http://127.0.0.1:${server.port}`);
    return {
      authority: origin.host,
      hold: state.hold,
      byConnection: () => server.received.map((_, connection) => state.sessions[connection] ?? []),
      create: (options: ModeOptions) => createWireHttpTransport({ origin, ...options }),
      close: () => server.close(),
    };
  },
};

export const GRPC: ModeSubject = {
  name: 'grpc',
  record: (session) => grpcCall('M', { session, body: Buffer.from(session) }),
  async start(mostStreams = 2 ** 31 - 1) {
    const state = newState();
    const onFrame = (peer: Peer, frame: PeerFrame): void => {
      if (frame.type !== FRAME.data || !endsRequest(frame)) return;
      came(state, peer.number, frame.payload.subarray(5).toString(), {
        answer: () => peer.send(...goodAnswer(frame.streamId)),
        reset: () => peer.socket.resetAndDestroy(),
      });
    };
    const server = await startPeer(onFrame, [[SETTING.maxConcurrentStreams, mostStreams]]);
    const { target } = server;
    return {
      authority: target,
      hold: state.hold,
      byConnection: () => server.peers.map(({ number }) => state.sessions[number] ?? []),
      create: (options: ModeOptions) =>
        createWireGrpcTransport({ target, clock: createRealClock(), ...options }),
      close: () => server.close(),
    };
  },
};

interface State {
  hold: { isOn: boolean; list: Held[] };
  sessions: string[][];
}

function newState(): State {
  return { hold: { isOn: false, list: [] }, sessions: [] };
}

function came(
  { sessions, hold }: State,
  connection: number,
  session: string,
  acts: { answer(): void; reset(): void },
): void {
  sessions[connection] = [...(sessions[connection] ?? []), session];
  if (hold.isOn) hold.list.push({ session, ...acts });
  else acts.answer();
}

/** One operation: how it ended, and for how long a busy connection held it. */
export interface Sent {
  outcome: Promise<SendOutcome>;
  /** Undefined until it was sent. */
  heldNs: number | undefined;
}

export function sendOne(transport: Transport, record: TraceRecord): Sent {
  let tell = (_: SendOutcome): void => {};
  const one: Sent = {
    heldNs: undefined,
    outcome: new Promise((resolve) => {
      tell = resolve;
    }),
  };
  transport.send(record, 1, {
    onSent: (heldNs = 0) => {
      one.heldNs = heldNs;
    },
    onFirstAnswer: () => {},
    onDone: (outcome) => tell(outcome),
  });
  return one;
}
