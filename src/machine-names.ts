import { hostname, networkInterfaces } from 'node:os';

/** A machine with hundreds of virtual networks is known by some of them as well. */
const MOST_NAMES = 32;

/**
 * What this machine is called by others: its host name and the addresses of its interfaces, without those that mean
 * another machine elsewhere (loopback, link-local).
 */
export function machineNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const reachable = addresses.filter(
    ({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address),
  );
  const names = [hostname(), ...reachable.map(({ address }) => address)];
  return [...new Set(names)].filter((name) => name !== '' && name !== 'localhost').slice(0, MOST_NAMES);
}
