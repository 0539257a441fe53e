import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Endpoint } from './endpoint.ts';
import { allTargets, type SpreadTargets } from './targets.ts';

/** A replay waits this long for a name server that does not answer. */
const LOOKUP_MS = 3000;

/** The addresses that the names of one target stand for; undefined for an address, or where nobody knows. */
export interface TargetAddresses {
  readonly http: readonly LookupAddress[] | undefined;
  readonly grpc: readonly LookupAddress[] | undefined;
}

/** Looks each name up once for the whole run, all of its addresses in the order of the system; one entry a target. */
export function lookUpTargets(targets: SpreadTargets): Promise<TargetAddresses[]> {
  return Promise.all(
    allTargets(targets).map(async ({ http, grpc }) => {
      const [ofHttp, ofGrpc] = await Promise.all([addressesOf(http), addressesOf(grpc)]);
      return { http: ofHttp, grpc: ofGrpc };
    }),
  );
}

async function addressesOf(endpoint: Endpoint | undefined): Promise<LookupAddress[] | undefined> {
  if (endpoint === undefined) return undefined;
  const host = new URL(endpoint.url).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<[]>((resolve) => {
    timer = setTimeout(() => resolve([]), LOOKUP_MS);
  });
  // A name that is none is told by the connections, which ask again.
  const found = await Promise.race([lookup(host, { all: true }).catch(() => []), timeUp]);
  clearTimeout(timer);
  return found.length > 0 ? found : undefined;
}
