import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

/**
 * Answers a connection's question for the addresses of the target's name, each time beginning with the next one:
 * connections are spread over all, and one that is refused by the first goes on to the others, as Node does by itself.
 */
export function createRotatingLookup(addresses: readonly LookupAddress[]): LookupFunction {
  let next = 0;
  return (_host, { all }, callback) => {
    const from = next % addresses.length;
    next += 1;
    const list = [...addresses.slice(from), ...addresses.slice(0, from)];
    if (all === true) callback(null, list);
    else callback(null, list[0]?.address ?? '', list[0]?.family);
  };
}
