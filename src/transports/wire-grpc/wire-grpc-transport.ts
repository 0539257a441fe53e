import { EngramTraceError } from '../../error.ts';
import type { Cancel, SendListener, Transport } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import { NO_HEADERS, type TraceRecord } from '../../trace/record/record.ts';
import { comparableAnswer } from '../answer/answer-comparison.ts';
import { StreamTraffic } from '../answer/stream-traffic.ts';
import type { ConnectionMode } from '../connect/connection-mode.ts';
import { GRPC_CHANNELS } from '../connect/grpc-channels.ts';
import { MOST_OWN_CONNECTIONS, OWN_IDLE_SECS, SessionPools } from '../connect/session-pools.ts';
import type { GrpcTransportOptions } from '../grpc-js/grpc-transport.ts';
import { StreamPlayer, type StreamStep, streamSteps } from '../request/grpc-stream-player.ts';
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
import { WireCall } from './wire-call.ts';

export interface WireGrpcTransportOptions extends GrpcTransportOptions {
  /** Which connections a session uses; `channels` is for `pooled`, the default. Else a session has exactly one. */
  mode?: ConnectionMode | undefined;
  /** Most connections with the mode `recorded`; past it idle sessions lose theirs, then calls fail. */
  mostConnections?: number | undefined;
}

/** Connections opened by `warmUp` where there are more than that. */
const WARM_CONNECTIONS = 64;
const SWEEP_MS = 1000;

/** Limits that only tests change. */
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
  /** Like `send`, for a call of one message. `session` says whose connection it takes, where sessions have such. */
  sendPrepared(call: PreparedGrpcCall, listener: SendListener, session?: string): Cancel;
}

/**
 * Sends gRPC records over HTTP/2 of its own: prepared header blocks, all that is due in a turn in one write. Bytes
 * go out as recorded, compressed messages too, which are not unpacked in answers either: `responseBytes` are those on
 * the wire. Deadlines and cancelled streams are as with the grpc-js transport. No retries.
 */
export function createWireGrpcTransport(
  options: WireGrpcTransportOptions,
  tuning: Partial<WireTuning> = {},
): WireGrpcTransport {
  return new WireGrpc(options, { ...TUNING, ...tuning });
}

class WireGrpc implements WireGrpcTransport {
  readonly context: GrpcCallContext;
  readonly #options: WireGrpcTransportOptions;
  readonly #pools: SessionPools<ConnectionPool>;
  readonly #sweeper: NodeJS.Timeout;
  readonly #deadlines: Deadlines<WireCall>;
  #isClosed = false;

  constructor(options: WireGrpcTransportOptions, tuning: WireTuning) {
    const { target, tls, metadata = NO_HEADERS, clock } = options;
    const scheme = tls === undefined ? 'http' : 'https';
    this.#options = options;
    this.context = createGrpcCallContext({ scheme, authority: tls?.servername ?? target, metadata });
    this.#deadlines = new Deadlines(clock, (call) => call.end('deadline'));
    this.#pools = createPools(options, tuning);
    this.#sweeper = setInterval(() => this.#pools.sweep(), SWEEP_MS).unref();
  }

  async warmUp(sessions?: readonly string[]): Promise<void> {
    // Where nobody says which sessions come, one connection says whether someone is there.
    const isProbe = this.#options.mode === 'recorded' && sessions === undefined;
    const pools = this.#pools.first(sessions ?? [''], WARM_CONNECTIONS);
    const losses = await Promise.all(pools.map((pool) => pool.open()));
    if (isProbe) this.#pools.drop('');
    const [loss] = losses;
    if (loss === undefined || losses.includes(undefined)) return;
    throw new EngramTraceError('target', `no gRPC connection to ${this.#options.target}: ${loss.detail}`, {
      hint: 'start the server, or name another one with --grpc-endpoint',
    });
  }

  send(record: TraceRecord, timeScale: number, listener: SendListener): Cancel {
    let prepared: PreparedGrpcCall;
    let steps: StreamStep[] | undefined;
    try {
      prepared = prepareGrpcCall(record, this.context, timeScale);
      if (record.stream !== undefined) steps = streamSteps(record, timeScale, streamMessage);
    } catch (thrown) {
      listener.onDone(failedSend('bad_request', thrown instanceof Error ? thrown.message : String(thrown)));
      return nothing;
    }
    const call = new WireCall(prepared, listener, this.#callEnded);
    if (steps !== undefined) {
      const { clock } = this.#options;
      call.stream = {
        player: new StreamPlayer(steps, call, clock),
        traffic: new StreamTraffic(clock, timeScale),
      };
    }
    const recorded = comparableAnswer(record);
    if (recorded !== undefined) call.compareWith(recorded);
    return this.#place(call, record.session);
  }

  sendPrepared(prepared: PreparedGrpcCall, listener: SendListener, session = ''): Cancel {
    return this.#place(new WireCall(prepared, listener, this.#callEnded), session);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    await Promise.all([...this.#pools].map((pool) => pool.close()));
    this.#deadlines.clear();
  }

  readonly #callEnded = (call: WireCall): void => {
    call.pool?.forget(call);
    if (call.deadlineTick !== undefined) this.#deadlines.remove(call, call.deadlineTick);
  };

  #place(call: WireCall, session: string): Cancel {
    const { deadlineNs } = call.prepared;
    if (this.#isClosed) call.lost('cancelled', 'the transport is closed');
    else {
      if (deadlineNs !== undefined) call.deadlineTick = this.#deadlines.add(call, deadlineNs);
      call.session = session;
      const pool = this.#pools.of(session);
      call.pool = pool;
      pool.place(call);
    }
    return () => call.end('given_up');
  }
}

function createPools(options: WireGrpcTransportOptions, tuning: WireTuning): SessionPools<ConnectionPool> {
  const {
    target,
    clock,
    channels = GRPC_CHANNELS,
    mode = 'pooled',
    mostConnections = MOST_OWN_CONNECTIONS,
  } = options;
  const tls = options.tls === undefined ? undefined : tlsOptionsOf(options.tls);
  const [connections, maxConnections] = mode === 'pooled' ? [channels, tuning.maxConnections] : [1, 1];
  const shared = {
    ...tuning,
    target,
    tls,
    spread: options.spread,
    countByHeader: options.countByHeader,
    clock,
    connections,
    maxConnections,
    turnEnd: new TurnEnd(),
  };
  return new SessionPools({
    mode,
    mostConnections,
    idleSecs: OWN_IDLE_SECS,
    make: (budget) => new ConnectionPool({ ...shared, budget }),
  });
}

function nothing(): void {}
