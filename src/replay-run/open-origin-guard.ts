import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { machineNames } from '../machine-names.ts';
import type { Endpoint } from './endpoint.ts';
import { createOriginGuard, type OriginGuard } from './origin-guard.ts';
import type { RunOptions } from './run-options.ts';

/** A name server that says nothing keeps a replay waiting this long. */
const LOOKUP_MS = 3000;

/** The guard of a run, for which the names of its endpoints are looked up once; undefined where the user waives it. */
export async function openOriginGuard(run: RunOptions): Promise<OriginGuard | undefined> {
  if (run.allowOrigin === true) return undefined;
  const endpoints = [run.http, run.grpc].filter((each) => each !== undefined);
  const found = await Promise.all(endpoints.map(async (each) => [each, await addressesOf(each)] as const));
  const addresses = new Map<Endpoint, readonly string[]>(found);
  return createOriginGuard({
    origins: run.trace.header.origins,
    targets: run,
    machine: machineNames(),
    addressesOf: (endpoint) => addresses.get(endpoint) ?? [],
  });
}

/** None for an address, and for a name that nobody knows: connecting will tell. */
async function addressesOf({ url }: Endpoint): Promise<string[]> {
  const name = new URL(url).hostname;
  if (name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0) return [];
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<[]>((resolve) => {
    timer = setTimeout(() => resolve([]), LOOKUP_MS);
  });
  const known = lookup(name, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
  const addresses = await Promise.race([known, timeout]);
  clearTimeout(timer);
  return addresses;
}
