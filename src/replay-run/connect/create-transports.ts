import type { Clock } from '../../replay/ports.ts';
import type { HeaderList, Protocol } from '../../trace/record/record.ts';
import {
  type AddressSpread,
  type AddressUse,
  createAddressSpread,
} from '../../transports/connect/address-spread.ts';
import type { ConnectionMode } from '../../transports/connect/connection-mode.ts';
import type { TlsSettings } from '../../transports/connect/tls-settings.ts';
import type { TargetAddresses } from '../target/look-up-targets.ts';
import { hasTargetIn, type Targets } from '../target/targets.ts';
import { DEFAULT_TRANSPORT, type TransportChoice } from '../target/transport-choice.ts';
import { createLazyTransports, type LazyTransports } from './lazy-transports.ts';
import { useOwnTransport } from './own-transport.ts';

/** Where and how operations leave. Plain data that can be posted to a thread, unless the transport is the caller's own. */
export interface TransportSettings extends Targets {
  readonly transport?: TransportChoice | undefined;
  /** Headers and metadata put in place of, or besides, the recorded ones. */
  readonly headers?: HeaderList | undefined;
  readonly tls?: TlsSettings | undefined;
  /** The addresses that the targets' names stand for, looked up once. */
  readonly addresses?: TargetAddresses | undefined;
  /** Which of these the first connection begins with; 0 where undefined. */
  readonly firstAddress?: number | undefined;
  /** Which connections the operations of a session use; `pooled` where undefined. The libraries know only that. */
  readonly connections?: ConnectionMode | undefined;
  /** Most connections to an endpoint, whatever the mode; what would need more waits, or fails with `recorded`. */
  readonly mostConnections?: number | undefined;
}

/** Makes the transports of a run; the code of each is loaded when its first record is read. */
export function createTransports(settings: TransportSettings, clock: Clock): LazyTransports {
  const { transport = DEFAULT_TRANSPORT, connections: mode, mostConnections } = settings;
  if (typeof transport === 'object') return useOwnTransport(transport, hasTargetIn(settings));
  const affinity = { mode, mostConnections };
  const http = httpOptions(settings, clock, spreadOver(settings, 'http'));
  const grpc = grpcOptions(settings, clock, spreadOver(settings, 'grpc'));
  if (transport === 'library') {
    const makers = {
      http:
        http &&
        (async () =>
          (await import('../../transports/undici/undici-transport.ts')).createUndiciTransport(http)),
      grpc:
        grpc &&
        (async () => (await import('../../transports/grpc-js/grpc-transport.ts')).createGrpcTransport(grpc)),
    };
    return createLazyTransports(makers, { http: http?.spread?.used, grpc: () => unknownUse(settings) });
  }
  const makers = {
    http:
      http &&
      (async () =>
        (await import('../../transports/wire-http/wire-http-transport.ts')).createWireHttpTransport({
          ...http,
          ...affinity,
        })),
    grpc:
      grpc &&
      (async () =>
        (await import('../../transports/wire-grpc/wire-grpc-transport.ts')).createWireGrpcTransport({
          ...grpc,
          ...affinity,
        })),
  };
  return createLazyTransports(makers, { http: http?.spread?.used, grpc: grpc?.spread?.used });
}

function spreadOver(
  { addresses, firstAddress }: TransportSettings,
  protocol: Protocol,
): AddressSpread | undefined {
  const found = addresses?.[protocol];
  return found && createAddressSpread(found, firstAddress);
}

/** grpc-js looks the name up itself, keeps to one address that answers, and tells nobody which. */
function unknownUse({ addresses }: TransportSettings): AddressUse[] {
  const unknown = { connections: undefined, failedAttempts: undefined };
  return (addresses?.grpc ?? []).map(({ address }) => ({ address, ...unknown }));
}

function httpOptions(
  { http, headers = [], tls = {} }: TransportSettings,
  clock: Clock,
  spread: AddressSpread | undefined,
) {
  return http && { origin: new URL(http.url), headers, tls, spread, clock };
}

function grpcOptions(
  { grpc, headers = [], tls = {} }: TransportSettings,
  clock: Clock,
  spread: AddressSpread | undefined,
) {
  return (
    grpc && {
      spread,
      target: grpc.authority,
      metadata: headers,
      tls: grpc.tls ? tls : undefined,
      clock,
    }
  );
}
