import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
} from '../../bundled/grpc-js.ts';
import type { Clock } from '../../replay/ports.ts';
import type { TlsSettings } from '../connect/tls-settings.ts';
import { Departures } from './grpc-departures.ts';

/**
 * Calls on one connection before another is opened. Servers limit concurrent streams, HTTP/2 advises at least 100,
 * and what is over the limit waits inside the client where nobody sees it.
 */
const CALLS_PER_LANE = 100;
const MAX_LANES = 64;

/** One channel, which is one connection, and the calls open on it. */
export interface Lane {
  readonly client: Client;
  readonly departures: Departures;
  open: number;
}

/** The connections to a gRPC target: as many as the calls in flight need. */
export interface Lanes {
  /** The lane with the fewest calls. */
  pick(): Lane;
  /** Connects the first ones; rejects when none gets through. */
  open(): Promise<void>;
  close(): void;
}

export interface LanesOptions {
  target: string;
  tls?: TlsSettings | undefined;
  /** Connections from the start. */
  channels: number;
  clock: Clock;
}

export function createLanes({ target, tls, channels, clock }: LanesOptions): Lanes {
  const channelCredentials = credentialsFor(tls);
  const options = channelOptions(tls);
  const lanes: Lane[] = [];
  const add = (): Lane => {
    const client = new Client(target, channelCredentials, options);
    const lane = { client, departures: new Departures(clock), open: 0 };
    lanes.push(lane);
    return lane;
  };
  for (let count = 0; count < channels; count += 1) add();
  return {
    pick() {
      let best = lanes[0] as Lane;
      for (const lane of lanes) if (lane.open < best.open) best = lane;
      return best.open >= CALLS_PER_LANE && lanes.length < MAX_LANES ? add() : best;
    },
    async open() {
      await Promise.any(lanes.map(({ client }) => connected(client)));
    },
    close() {
      for (const { client } of lanes) client.close();
    },
  };
}

function credentialsFor(tls: TlsSettings | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { ca, key, cert, insecure } = tls;
  return credentials.createSsl(pem(ca), pem(key), pem(cert), { rejectUnauthorized: insecure !== true });
}

function pem(text: string | Buffer | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text as string);
}

function channelOptions(tls: TlsSettings | undefined): ChannelOptions {
  const name = tls?.servername;
  return {
    ...(name === undefined ? {} : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    // Nothing is kept for a second try: a message is said to be written when it is, not when a copy of it was made.
    'grpc.per_rpc_retry_buffer_size': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    // A target that comes back is found again soon.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    'grpc.dns_min_time_between_resolutions_ms': 1000,
  };
}

function connected(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const channel = client.getChannel();
    const look = (): void => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) resolve();
      else if (state === connectivityState.TRANSIENT_FAILURE) reject(new Error('no connection'));
      else if (state === connectivityState.SHUTDOWN) reject(new Error('closed'));
      else channel.watchConnectivityState(state, Infinity, look);
    };
    look();
  });
}
