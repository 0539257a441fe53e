import type { Cancel, SendListener, Transport } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import { EngramTraceError } from '../../trace/error.ts';
import { NO_HEADERS, type TraceRecord } from '../../trace/record.ts';
import { playStream, type StreamStep, streamSteps } from '../grpc-stream-player.ts';
import type { GrpcTransportOptions } from '../grpc-transport.ts';
import { ConnectionPool } from './connection-pool.ts';
import { Deadlines } from './deadlines.ts';
import { tlsOptionsOf } from './dial.ts';
import {
  createGrpcCallContext,
  type GrpcCallContext,
  type PreparedGrpcCall,
  prepareGrpcCall,
  streamMessage,
} from './prepare-grpc-call.ts';
import { TurnEnd } from './turn-end.ts';
import { type CallOwner, WireCall } from './wire-call.ts';

/** What tests make small, and nobody else needs to. */
export interface WireTuning {
  maxConnections: number;
  handshakeNs: number;
  receiveWindowBytes: number;
  lastStreamId: number;
}

const TUNING: WireTuning = {
  maxConnections: 64,
  handshakeNs: 20e9,
  receiveWindowBytes: 2 ** 30,
  lastStreamId: 2 ** 31 - 1,
};

/** The transport, and the way into it for calls that were made ready elsewhere. */
export interface WireGrpcTransport extends Transport {
  /** What `prepareGrpcCall` needs to make calls ready for this transport. */
  readonly context: GrpcCallContext;
  /** Like `send`, for a call of one message. */
  sendPrepared(call: PreparedGrpcCall, listener: SendListener): Cancel;
}

/**
 * Sends gRPC records over HTTP/2 of its own: prepared header blocks, all that is due in a turn in one write. Bytes
 * go out as recorded, compressed messages too, which are not unpacked in answers either: `responseBytes` are those on
 * the wire. Deadlines and cancelled streams are as with the grpc-js transport. No retries.
 */
export function createWireGrpcTransport(
  options: GrpcTransportOptions,
  tuning: Partial<WireTuning> = {},
): WireGrpcTransport {
  return new WireGrpc(options, { ...TUNING, ...tuning });
}

class WireGrpc implements WireGrpcTransport, CallOwner {
  readonly context: GrpcCallContext;
  readonly #options: GrpcTransportOptions;
  readonly #pool: ConnectionPool;
  readonly #deadlines: Deadlines<WireCall>;
  #isClosed = false;

  constructor(options: GrpcTransportOptions, tuning: WireTuning) {
    const { target, tls, channels = 2, metadata = NO_HEADERS, clock } = options;
    const scheme = tls === undefined ? 'http' : 'https';
    this.#options = options;
    this.context = createGrpcCallContext({ scheme, authority: tls?.servername ?? target, metadata });
    this.#deadlines = new Deadlines(clock, (call) => call.end('deadline'));
    this.#pool = new ConnectionPool({
      ...tuning,
      target,
      tls: tls === undefined ? undefined : tlsOptionsOf(tls),
      clock,
      connections: channels,
      turnEnd: new TurnEnd(),
    });
  }

  async warmUp(): Promise<void> {
    const loss = await this.#pool.open();
    if (loss === undefined) return;
    throw new EngramTraceError('target', `no gRPC connection to ${this.#options.target}: ${loss.detail}`, {
      hint: 'start the server, or name another one with --grpc-endpoint',
    });
  }

  send(record: TraceRecord, timeScale: number, listener: SendListener): Cancel {
    let prepared: PreparedGrpcCall;
    let steps: StreamStep[] | undefined;
    try {
      prepared = prepareGrpcCall(record, this.context);
      if (record.stream !== undefined) steps = streamSteps(record, timeScale, streamMessage);
    } catch (thrown) {
      listener.onDone(failedSend('bad_request', thrown instanceof Error ? thrown.message : String(thrown)));
      return nothing;
    }
    const call = new WireCall(prepared, listener, this);
    if (steps !== undefined) call.play = () => this.#play(steps, call);
    return this.#place(call);
  }

  sendPrepared(prepared: PreparedGrpcCall, listener: SendListener): Cancel {
    return this.#place(new WireCall(prepared, listener, this));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.close();
    this.#deadlines.clear();
  }

  ended(call: WireCall): void {
    this.#pool.forget(call);
    if (call.deadlineTick !== undefined) this.#deadlines.remove(call, call.deadlineTick);
  }

  #place(call: WireCall): Cancel {
    const { deadlineNs } = call.prepared;
    if (this.#isClosed) call.lost('cancelled', 'the transport is closed');
    else {
      if (deadlineNs !== undefined) call.deadlineTick = this.#deadlines.add(call, deadlineNs);
      this.#pool.place(call);
    }
    return () => call.end('given_up');
  }

  #play(steps: readonly StreamStep[], call: WireCall): () => void {
    const sink = {
      write: (framed: Buffer) => call.write(framed),
      halfClose: () => call.halfClose(),
      cancel: () => call.end('as_recorded'),
    };
    return playStream(steps, sink, this.#options.clock);
  }
}

function nothing(): void {}
