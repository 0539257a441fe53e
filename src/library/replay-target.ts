import { EngramTraceError } from '../error.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { type Endpoint, parseGrpcEndpoint, parseHttpEndpoint } from '../replay-run/target/endpoint.ts';
import type { Targets } from '../replay-run/target/targets.ts';

/**
 * Where the operations of a replay go: an HTTP server, or a server for each protocol, each as `http://host:7432`,
 * `host:7432`, `:7432` on this machine, or parsed. Records of a protocol without a server take no part, and are counted.
 */
export type ReplayTarget = string | Endpoint | GivenTargets;

export interface GivenTargets {
  readonly http?: string | Endpoint | undefined;
  readonly grpc?: string | Endpoint | undefined;
}

const PROTOCOLS: Record<keyof GivenTargets, true> = { http: true, grpc: true };

/** Throws `usage` for a target with anything but a server for each protocol. */
export function refuseUnknownTargets(target: ReplayTarget): void {
  if (typeof target === 'object' && target !== null && !('url' in target))
    refuseUnknownOptions(target, PROTOCOLS, 'of a target');
}

/** Throws `usage` for what is no endpoint. */
export function targetsOf(target: ReplayTarget): Targets {
  if (target === undefined || target === null) {
    throw new EngramTraceError('usage', 'no target is named', { hint: "such as 'http://localhost:7432'" });
  }
  const { http, grpc } = typeof target === 'string' || 'url' in target ? { http: target } : target;
  return {
    http: typeof http === 'string' ? parseHttpEndpoint(http) : http,
    grpc: typeof grpc === 'string' ? parseGrpcEndpoint(grpc) : grpc,
  };
}
