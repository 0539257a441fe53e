import type { ClientDuplexStream, ClientReadableStream, Metadata } from '../../bundled/grpc-js.ts';
import { EngramTraceError } from '../../error.ts';
import type { Cancel, Clock, SendListener, Transport } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { HeaderList, TraceRecord } from '../../trace/record/record.ts';
import { comparableAnswer } from '../answer/answer-comparison.ts';
import { StreamTraffic } from '../answer/stream-traffic.ts';
import type { AddressSpread } from '../connect/address-spread.ts';
import { GRPC_CHANNELS } from '../connect/grpc-channels.ts';
import type { TlsSettings } from '../connect/tls-settings.ts';
import { checkGrpcPath } from '../request/grpc-checks.ts';
import { plainMessage } from '../request/grpc-message.ts';
import { grpcTimeout } from '../request/grpc-metadata-rules.ts';
import { StreamPlayer, type StreamWriter, streamSteps } from '../request/grpc-stream-player.ts';
import { playedDeadlineNs } from '../request/played-deadline.ts';
import { GrpcCall, type GrpcCallHooks } from './grpc-call.ts';
import { hasLeft } from './grpc-departures.ts';
import { createLanes, type Lane, type Lanes } from './grpc-lanes.ts';
import { createGrpcMetadata } from './grpc-metadata.ts';

export interface GrpcTransportOptions {
  /** host:port. */
  target: string;
  /** The settings of TLS; undefined for cleartext HTTP/2. */
  tls?: TlsSettings | undefined;
  /** Over the addresses of the target's name; grpc-js looks that up itself, and keeps to one. */
  spread?: AddressSpread | undefined;
  /** In place of, or besides, the recorded metadata. */
  metadata?: HeaderList | undefined;
  /** Connections from the start; more are opened as calls in flight need them. Default: 2. */
  channels?: number | undefined;
  /** The name of a header, in lower case, whose value in an answer's metadata is told. */
  countByHeader?: string | undefined;
  /** For the times inside streams and for deadlines. */
  clock: Clock;
}

/**
 * Sends gRPC records with grpc-js, message bytes as recorded (a compressed message is unpacked first), metadata as
 * recorded but for what describes the call itself. Streams write each message where the recording did, scaled;
 * deadlines are those of the recording (see `playedDeadlineNs`).
 * No retries. A stream that ends where the recorded client cancelled it counts as ok, with status 1.
 */
export function createGrpcTransport(options: GrpcTransportOptions): Transport {
  return new GrpcTransport(options);
}

type OwnHooks = Partial<Pick<GrpcCallHooks, 'onSent' | 'onEnd' | 'traffic' | 'recorded'>>;
type RunningCall = ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>;

class GrpcTransport implements Transport {
  readonly #options: GrpcTransportOptions;
  readonly #lanes: Lanes;
  readonly #metadataFor: (recorded: HeaderList) => Metadata;
  readonly #open = new Set<GrpcCall>();
  #isClosed = false;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
    const { target, tls, channels = GRPC_CHANNELS, metadata = [], clock } = options;
    this.#lanes = createLanes({ target, tls, channels, clock });
    this.#metadataFor = createGrpcMetadata(metadata);
  }

  async warmUp(): Promise<void> {
    try {
      await this.#lanes.open();
    } catch (cause) {
      const { target } = this.#options;
      throw new EngramTraceError('target', `no gRPC connection to ${target}`, {
        hint: 'start the server, or name another one with --grpc-endpoint',
        cause,
      });
    }
  }

  send(record: TraceRecord, timeScale: number, listener: SendListener): Cancel {
    try {
      if (this.#isClosed) listener.onDone(failedSend('cancelled', 'the transport is closed'));
      else {
        checkGrpcPath(record.path);
        if (record.stream === undefined) return this.#sendUnary(record, listener);
        return this.#sendStream(record, timeScale, listener);
      }
    } catch (thrown) {
      listener.onDone(failedSend('bad_request', textOf(thrown)));
    }
    return () => {};
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of [...this.#open]) call.end('given_up');
    this.#lanes.close();
    // A cancelled call ends in a later turn; whoever closes may count on having heard of it.
    while (this.#open.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * One message out, and as many back as the server likes: a streaming method that answered once in the recording
   * may answer twice now, and that is no failure.
   */
  #sendUnary(record: TraceRecord, listener: SendListener): Cancel {
    const message = plainMessage(record.body, record.bodyCompressed, record);
    const { deadlineNs } = record;
    const metadata = this.#callMetadata(record, deadlineNs);
    const lane = this.#lanes.pick();
    const call = this.#newCall(lane, listener, { recorded: comparableAnswer(record) });
    const { credentials, received } = call;
    return this.#begin(call, deadlineNs, () =>
      lane.client.makeServerStreamRequest(record.path, asIs, received, message, metadata, { credentials }),
    );
  }

  #sendStream(record: TraceRecord, timeScale: number, listener: SendListener): Cancel {
    const steps = streamSteps(record, timeScale);
    const deadlineNs = playedDeadlineNs(record, timeScale);
    const metadata = this.#callMetadata(record, deadlineNs);
    const lane = this.#lanes.pick();
    const { clock } = this.#options;
    const traffic = new StreamTraffic(clock, timeScale);
    let player: StreamPlayer | undefined;
    const call = this.#newCall(lane, listener, {
      onSent: () => {
        player?.open();
        player?.started();
      },
      onEnd: () => player?.stop(),
      traffic,
      recorded: comparableAnswer(record),
    });
    const { credentials, received } = call;
    return this.#begin(call, deadlineNs, () => {
      const running = lane.client.makeBidiStreamRequest(record.path, asIs, received, metadata, {
        credentials,
      });
      player = new StreamPlayer(steps, sinkOf(running, call, traffic), clock);
      return running;
    });
  }

  #newCall(lane: Lane, listener: SendListener, hooks: OwnHooks): GrpcCall {
    const call = new GrpcCall(listener, {
      departures: lane.departures,
      countByHeader: this.#options.countByHeader,
      onSent: hooks.onSent,
      traffic: hooks.traffic,
      recorded: hooks.recorded,
      onEnd: () => {
        lane.open -= 1;
        this.#open.delete(call);
        hooks.onEnd?.();
      },
    });
    lane.open += 1;
    this.#open.add(call);
    return call;
  }

  #begin(call: GrpcCall, deadlineNs: number | undefined, make: () => RunningCall): Cancel {
    try {
      const running = make();
      // The status says it all; but an error nobody listens to would end the process.
      running.on('error', () => {});
      if (this.#options.countByHeader !== undefined) running.on('metadata', (head) => call.heard(head));
      running.on('status', (status) => call.ended(status));
      running.resume();
      call.begun(running, deadlineNs, this.#options.clock);
    } catch (thrown) {
      call.refused(textOf(thrown));
    }
    return () => call.end('given_up');
  }

  #callMetadata(record: TraceRecord, deadlineNs: number | undefined): Metadata {
    const shared = this.#metadataFor(record.headers);
    if (deadlineNs === undefined) return shared;
    const metadata = shared.clone();
    metadata.set('grpc-timeout', grpcTimeout(deadlineNs));
    return metadata;
  }
}

/** grpc-js tells of a message when HTTP/2 has taken the whole of it. */
function sinkOf(
  running: ClientDuplexStream<Buffer, Buffer>,
  call: GrpcCall,
  traffic: StreamTraffic,
): StreamWriter {
  const left = (): void => {
    // It tells the same of a message that waited, and went down with its stream.
    if (!call.isEnding && hasLeft(running) !== false) traffic.sentOne();
  };
  return {
    write: (data) => void running.write(data, left),
    halfClose: () => void running.end(),
    cancel: () => call.end('as_recorded'),
  };
}

function asIs(message: Buffer): Buffer {
  return message;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
