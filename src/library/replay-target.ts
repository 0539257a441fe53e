import { EngramTraceError } from '../error.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { type Endpoint, parseGrpcEndpoint, parseHttpEndpoint } from '../replay-run/target/endpoint.ts';
import { pairEndpoints } from '../replay-run/target/pair-endpoints.ts';
import type { SpreadTargets } from '../replay-run/target/targets.ts';

/**
 * Where the operations of a replay go: an HTTP server, or a server for each protocol, each as `http://host:7432`,
 * `host:7432`, `:7432` on this machine, or parsed. Records of a protocol without a server take no part, and are counted.
 */
export type ReplayTarget = string | Endpoint | GivenTargets;

/**
 * Over several servers of a protocol sessions are spread; where both have several, the first of both are one target, and
 * so on.
 */
export interface GivenTargets {
  readonly http?: GivenEndpoints | undefined;
  readonly grpc?: GivenEndpoints | undefined;
}

type GivenEndpoint = string | Endpoint;
type GivenEndpoints = GivenEndpoint | readonly GivenEndpoint[];

const PROTOCOLS: Record<keyof GivenTargets, true> = { http: true, grpc: true };

/** Throws `usage` for a target with anything but servers for each protocol. */
export function refuseUnknownTargets(target: ReplayTarget): void {
  if (typeof target === 'object' && target !== null && !('url' in target))
    refuseUnknownOptions(target, PROTOCOLS, 'of a target');
}

/** Throws `usage` for what is no endpoint, and for endpoints that don't belong together. */
export function targetsOf(target: ReplayTarget): SpreadTargets {
  if (target === undefined || target === null) {
    throw new EngramTraceError('usage', 'no target is named', { hint: "such as 'http://localhost:7432'" });
  }
  const { http, grpc } = typeof target === 'string' || 'url' in target ? { http: target } : target;
  return pairEndpoints({
    http: parsedAll(http, parseHttpEndpoint),
    grpc: parsedAll(grpc, parseGrpcEndpoint),
  });
}

function parsedAll(given: GivenEndpoints | undefined, parse: (text: string) => Endpoint): Endpoint[] {
  if (given === undefined) return [];
  const all = typeof given === 'string' || 'url' in given ? [given] : given;
  return all.map((each) => (typeof each === 'string' ? parse(each) : each));
}
