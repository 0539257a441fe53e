import type { Clock } from '../replay/ports.ts';
import type { HeaderList } from '../trace/record.ts';
import type { ConnectionMode } from '../transports/connection-mode.ts';
import { createRotatingLookup } from '../transports/rotating-lookup.ts';
import type { TlsSettings } from '../transports/tls-settings.ts';
import { createLazyTransports, type LazyTransports } from './lazy-transports.ts';
import type { TargetAddresses } from './look-up-targets.ts';
import type { Targets } from './targets.ts';

/** `wire`: HTTP/1.1 and HTTP/2 of our own over sockets. `library`: undici and grpc-js. */
export type TransportKind = 'wire' | 'library';

/** What is used where nothing is asked for. */
export const DEFAULT_TRANSPORT: TransportKind = 'wire';

/** Where and how operations leave. Plain data: it can be posted to a thread. */
export interface TransportSettings extends Targets {
  readonly transport?: TransportKind | undefined;
  /** Headers and metadata put in place of, or besides, the recorded ones. */
  readonly headers?: HeaderList | undefined;
  readonly tls?: TlsSettings | undefined;
  /** What their names stand for, looked up once. */
  readonly addresses?: TargetAddresses | undefined;
  /** Which connections the operations of a session use; `pooled` where undefined. The libraries know only that. */
  readonly connections?: ConnectionMode | undefined;
  /** Most connections to an endpoint, whatever the mode; what would need more waits, or fails with `recorded`. */
  readonly mostConnections?: number | undefined;
}

/** What sends is loaded only when it is needed. */
export function createTransports(settings: TransportSettings, clock: Clock): LazyTransports {
  const { transport = DEFAULT_TRANSPORT, connections: mode, mostConnections } = settings;
  const affinity = { mode, mostConnections };
  const http = httpOptions(settings);
  const grpc = grpcOptions(settings, clock);
  if (transport === 'library') {
    return createLazyTransports({
      http:
        http && (async () => (await import('../transports/undici-transport.ts')).createUndiciTransport(http)),
      grpc: grpc && (async () => (await import('../transports/grpc-transport.ts')).createGrpcTransport(grpc)),
    });
  }
  return createLazyTransports({
    http:
      http &&
      (async () =>
        (await import('../transports/wire-http/wire-http-transport.ts')).createWireHttpTransport({
          ...http,
          ...affinity,
        })),
    grpc:
      grpc &&
      (async () =>
        (await import('../transports/wire-grpc/wire-grpc-transport.ts')).createWireGrpcTransport({
          ...grpc,
          ...affinity,
        })),
  });
}

function httpOptions({ http, headers = [], tls = {}, addresses }: TransportSettings) {
  const lookup = addresses?.http && createRotatingLookup(addresses.http);
  return http && { origin: new URL(http.url), headers, tls, lookup };
}

function grpcOptions({ grpc, headers = [], tls = {}, addresses }: TransportSettings, clock: Clock) {
  const lookup = addresses?.grpc && createRotatingLookup(addresses.grpc);
  return (
    grpc && {
      lookup,
      target: grpc.authority,
      metadata: headers,
      tls: grpc.tls ? tls : undefined,
      clock,
    }
  );
}
