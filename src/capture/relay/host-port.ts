import { EngramTraceError } from '../../error.ts';

/** A host and a port that capture listens at or connects to. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Writes `host:port`, with an IPv6 host in brackets. */
export function authorityOf({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether connecting to `b` reaches a listener at `a`, as far as the names tell. Port 0 is any free one. */
export function isSamePlace(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || (isThisMachine(a.host) && isThisMachine(b.host));
}

/** Whether a host is the loopback, or a wildcard for all addresses of this machine. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::' || host === '::1' || host === '0.0.0.0' || /^127\./.test(host);
}

/** Parses `[host:]port` or `:port`, with an optional `http://` or `https://` before it; `https` comes back as `tls`. */
export function parseHostPort(text: string, defaultHost: string): HostPort & { tls: boolean } {
  const match = /^(?:(https?):\/\/)?(?:(\[[0-9A-Fa-f:.%]+\]|[^:/?#@[\]\s]+)?:)?([0-9]{1,5})\/?$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || !(port <= 65_535)) {
    throw new EngramTraceError('usage', `"${text}" is no address`, {
      hint: 'write [host:]port, such as 127.0.0.1:7432',
    });
  }
  const host = (match[2] ?? defaultHost).replace(/^\[|\]$/g, '');
  return { host, port, tls: match[1] === 'https' };
}
