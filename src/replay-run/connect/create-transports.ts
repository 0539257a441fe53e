import type { Clock, Transport } from '../../replay/ports.ts';
import type { HeaderList, Protocol } from '../../trace/record/record.ts';
import { type AddressSpread, createAddressSpread } from '../../transports/connect/address-spread.ts';
import type { ConnectionMode } from '../../transports/connect/connection-mode.ts';
import type { TlsSettings } from '../../transports/connect/tls-settings.ts';
import type { WireHttpTransportOptions } from '../../transports/wire-http/wire-http-transport.ts';
import type { Endpoint } from '../target/endpoint.ts';
import type { TargetAddresses } from '../target/look-up-targets.ts';
import type { TargetAddressUse } from '../target/target-address-use.ts';
import { allTargets, hasTargetIn, type SpreadTargets } from '../target/targets.ts';
import { DEFAULT_TRANSPORT, type TransportChoice } from '../target/transport-choice.ts';
import { createLazyTransports, type LazyTransports } from './lazy-transports.ts';
import { useOwnTransport } from './own-transport.ts';
import { spreadOver } from './spread-transport.ts';

/** Where and how operations leave. Plain data that can be posted to a thread, unless the transport is the caller's own. */
export interface TransportSettings extends SpreadTargets {
  readonly transport?: TransportChoice | undefined;
  /** Headers and metadata put in place of, or besides, the recorded ones. */
  readonly headers?: HeaderList | undefined;
  readonly tls?: TlsSettings | undefined;
  /** The name of the header, in lower case, that answers are counted by. */
  readonly countByHeader?: string | undefined;
  /** The addresses that the targets' names stand for, looked up once; one entry a target. */
  readonly addresses?: readonly TargetAddresses[] | undefined;
  /** Which of these the first connection begins with; 0 where undefined. */
  readonly firstAddress?: number | undefined;
  /** Which connections the operations of a session use; `pooled` where undefined. The libraries know only that. */
  readonly connections?: ConnectionMode | undefined;
  /** Most connections to an endpoint, whatever the mode; what would need more waits, or fails with `recorded`. */
  readonly mostConnections?: number | undefined;
  /** Connections of gRPC that are open from the start where sessions share them; the transport's own where undefined. */
  readonly channels?: number | undefined;
}

/** Makes the transports of a run; the code of each is loaded when its first record is read. */
export function createTransports(settings: TransportSettings, clock: Clock): LazyTransports {
  const { transport = DEFAULT_TRANSPORT, connections: mode, mostConnections } = settings;
  if (typeof transport === 'object') return useOwnTransport(transport, hasTargetIn(settings));
  const affinity = { mode, mostConnections };
  const http = httpOptions(settings, clock);
  const grpc = grpcOptions(settings, clock);
  const isLibrary = transport === 'library';
  const makers = {
    http: http && (async () => spreadOver(http.map(isLibrary ? await undici() : await wireHttp(affinity)))),
    grpc: grpc && (async () => spreadOver(grpc.map(isLibrary ? await grpcJs() : await wireGrpc(affinity)))),
  };
  return createLazyTransports(makers, {
    http: () => usesOf(http),
    grpc: () => (isLibrary ? unknownUses(settings) : usesOf(grpc)),
  });
}

type HttpOptions = NonNullable<ReturnType<typeof httpOptions>>[number];
type GrpcOptions = NonNullable<ReturnType<typeof grpcOptions>>[number];
type Affinity = Pick<WireHttpTransportOptions, 'mode' | 'mostConnections'>;

async function undici(): Promise<(options: HttpOptions) => Transport> {
  const { createUndiciTransport } = await import('../../transports/undici/undici-transport.ts');
  return (options) => createUndiciTransport(options);
}

async function grpcJs(): Promise<(options: GrpcOptions) => Transport> {
  const { createGrpcTransport } = await import('../../transports/grpc-js/grpc-transport.ts');
  return (options) => createGrpcTransport(options);
}

async function wireHttp(affinity: Affinity): Promise<(options: HttpOptions) => Transport> {
  const { createWireHttpTransport } = await import('../../transports/wire-http/wire-http-transport.ts');
  return (options) => createWireHttpTransport({ ...options, ...affinity });
}

async function wireGrpc(affinity: Affinity): Promise<(options: GrpcOptions) => Transport> {
  const { createWireGrpcTransport } = await import('../../transports/wire-grpc/wire-grpc-transport.ts');
  return (options) => createWireGrpcTransport({ ...options, ...affinity });
}

function usesOf(
  options: readonly { spread: AddressSpread | undefined }[] = [],
): Omit<TargetAddressUse, 'protocol'>[] {
  return options.flatMap(({ spread }, target) => (spread?.used() ?? []).map((use) => ({ target, ...use })));
}

/** grpc-js looks the name up itself, keeps to one address that answers, and tells nobody which. */
function unknownUses({ addresses = [] }: TransportSettings): Omit<TargetAddressUse, 'protocol'>[] {
  const unknown = { connections: undefined, failedAttempts: undefined };
  return addresses.flatMap(({ grpc = [] }, target) =>
    grpc.map(({ address }) => ({ target, address, ...unknown })),
  );
}

/** One entry a target; undefined where they don't speak it. */
function httpOptions(settings: TransportSettings, clock: Clock) {
  const { headers = [], tls = {}, countByHeader } = settings;
  return eachTarget(settings, 'http', ({ url }, spread) => ({
    ...{ origin: new URL(url), headers, tls, spread, countByHeader, clock },
  }));
}

function grpcOptions(settings: TransportSettings, clock: Clock) {
  const { headers = [], tls, countByHeader, channels } = settings;
  return eachTarget(settings, 'grpc', ({ authority, tls: isTls }, spread) => ({
    ...{ spread, target: authority, metadata: headers, tls: isTls ? (tls ?? {}) : undefined },
    ...{ countByHeader, channels, clock },
  }));
}

function eachTarget<T>(
  settings: TransportSettings,
  protocol: Protocol,
  optionsOf: (endpoint: Endpoint, spread: AddressSpread | undefined) => T,
): T[] | undefined {
  if (settings[protocol] === undefined) return undefined;
  const { addresses, firstAddress } = settings;
  return allTargets(settings).flatMap(({ [protocol]: endpoint }, i) => {
    const found = addresses?.[i]?.[protocol];
    if (endpoint === undefined) return [];
    return [optionsOf(endpoint, found && createAddressSpread(found, firstAddress))];
  });
}
