import type { Clock } from '../replay/ports.ts';
import type { HeaderList } from '../trace/record.ts';
import type { TlsSettings } from '../transports/tls-settings.ts';
import type { Endpoint } from './endpoint.ts';
import { createLazyTransports, type LazyTransports } from './lazy-transports.ts';

/** Where and how operations leave. Plain data: it can be posted to a thread. */
export interface TransportSettings {
  readonly http: Endpoint;
  readonly grpc: Endpoint;
  /** Headers and metadata put in place of, or besides, the recorded ones. */
  readonly headers?: HeaderList | undefined;
  readonly tls?: TlsSettings | undefined;
  /** Most HTTP connections; as many as are needed where undefined. */
  readonly connections?: number | undefined;
}

/** Each client library is loaded only when it is needed. */
export function createTransports(settings: TransportSettings, clock: Clock): LazyTransports {
  const { http, grpc, headers = [], tls = {}, connections } = settings;
  return createLazyTransports({
    http: async () => {
      const { createUndiciTransport } = await import('../transports/undici-transport.ts');
      return createUndiciTransport({ origin: new URL(http.url), headers, tls, connections });
    },
    grpc: async () => {
      const { createGrpcTransport } = await import('../transports/grpc-transport.ts');
      const grpcTls = grpc.tls ? tls : undefined;
      return createGrpcTransport({ target: grpc.authority, metadata: headers, tls: grpcTls, clock });
    },
  });
}
