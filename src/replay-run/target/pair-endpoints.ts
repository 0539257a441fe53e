import { EngramTraceError } from '../../error.ts';
import type { Protocol } from '../../trace/record/record.ts';
import { isSameServer } from './authority.ts';
import type { Endpoint } from './endpoint.ts';
import type { SpreadTargets } from './targets.ts';

/** More targets than this are no comparison any more, and each has connections of its own. */
const MOST_TARGETS = 64;
const FLAGS: Readonly<Record<Protocol, string>> = { http: '--endpoint', grpc: '--grpc-endpoint' };

/** The endpoints of each protocol, in the order in which they were given. */
export type EndpointLists = Readonly<Record<Protocol, readonly Endpoint[]>>;

/**
 * Makes targets of the endpoints that were given: the first of both protocols are the first target, and so on. Throws
 * `usage` where they are no pairs, where one is given twice, and for too many.
 */
export function pairEndpoints({ http, grpc }: EndpointLists): SpreadTargets {
  refuseTwice('http', http);
  refuseTwice('grpc', grpc);
  const count = Math.max(http.length, grpc.length);
  if (count > MOST_TARGETS) throw usage(`${count} targets are more than ${MOST_TARGETS}`, 'name fewer');
  if (http.length > 0 && grpc.length > 0 && http.length !== grpc.length) {
    throw usage(
      `${http.length} of ${FLAGS.http} and ${grpc.length} of ${FLAGS.grpc} are no pairs`,
      `each target is a server with both ports: the first ${FLAGS.http} and the first ${FLAGS.grpc} are one, and so on`,
    );
  }
  const pair = (i: number) => ({ http: http[i], grpc: grpc[i] });
  if (count < 2) return pair(0);
  return { ...pair(0), moreTargets: Array.from({ length: count - 1 }, (_, i) => pair(i + 1)) };
}

function refuseTwice(protocol: Protocol, endpoints: readonly Endpoint[]): void {
  for (const [i, { authority, url }] of endpoints.entries()) {
    const first = endpoints.slice(0, i).find((other) => isSameServer(other.authority, authority));
    if (first === undefined) continue;
    const what = first.url === url ? `${url} is given twice` : `${first.url} and ${url} are the same server`;
    throw usage(
      `${FLAGS[protocol]}: ${what}`,
      'sessions are spread over the endpoints, so each is a server of its own',
    );
  }
}

function usage(message: string, hint: string): EngramTraceError {
  return new EngramTraceError('usage', message, { hint });
}
