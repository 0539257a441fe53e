import type { LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';

/** How one address of a target's name was used. Plain data. */
export interface AddressUse {
  readonly address: string;
  /** Connections that were opened to it; undefined where nobody can tell. */
  readonly connections: number | undefined;
  /** Attempts to connect to it that failed, or took so long that the next address was tried. */
  readonly failedAttempts: number | undefined;
}

/** How the connections to a target are spread over the addresses of its name. */
export interface AddressSpread {
  /** For the connection. Node goes on to the other addresses by itself where the first does not answer. */
  readonly lookup: LookupFunction;
  /** Counts what becomes of a socket that was just made with `lookup`. */
  watch(socket: Socket): void;
  used(): AddressUse[];
}

/**
 * Each connection begins with the next address, and has all others to go on to. `first`: how many connections come
 * before the first; several spreads of one name, each in its thread, don't all begin with the same address.
 */
export function createAddressSpread(addresses: readonly LookupAddress[], first = 0): AddressSpread {
  const uses = new Map(addresses.map(({ address }) => [address, { connections: 0, failedAttempts: 0 }]));
  const failed = (address: string): void => {
    const use = uses.get(address);
    if (use !== undefined) use.failedAttempts += 1;
  };
  let next = first;
  return {
    lookup: (_host, { all }, callback) => {
      const list = inTurn(addresses, next);
      next += 1;
      // As the system's own, not before the caller has returned: an attempt that fails at once must be seen too.
      queueMicrotask(() => {
        if (all === true) callback(null, list);
        else callback(null, list[0]?.address ?? '', list[0]?.family);
      });
    },
    watch: (socket) => {
      let tried = '';
      socket.on('connectionAttempt', (address: string) => {
        tried = address;
      });
      socket.on('connectionAttemptFailed', failed);
      socket.on('connectionAttemptTimeout', failed);
      socket.once('connect', () => {
        const use = uses.get(tried);
        if (use !== undefined) use.connections += 1;
      });
    },
    used: () => [...uses].map(([address, counts]) => ({ address, ...counts })),
  };
}

/** The others by turns too, from round to round: what falls to a dead address is shared by all, not its neighbour's. */
function inTurn(addresses: readonly LookupAddress[], turn: number): LookupAddress[] {
  const [first, ...others] = rotated(addresses, turn);
  const round = Math.floor(turn / addresses.length);
  return first === undefined ? [] : [first, ...rotated(others, round)];
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const from = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}
