/** A server by its name and port, in the one form that can be compared. */
export interface Authority {
  /** In lower case, without a dot at its end; `LOOPBACK` for all names and addresses of a machine's loopback. */
  readonly host: string;
  /** The ports that it names; 80 and 443 where it names none. */
  readonly ports: readonly string[];
}

export const LOOPBACK = 'loopback';

/** Reads `host`, `host:port`, an IPv6 address in brackets or bare, with a scheme or without; undefined for what is none. */
export function parseAuthority(text: string): Authority | undefined {
  // A scheme without a default port of its own: URL would drop ":80".
  const [bare = ''] = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .split(/[/?#]/);
  const isBareIpv6 = (bare.match(/:/g) ?? []).length > 1 && !bare.includes('[');
  const host = (isBareIpv6 ? `[${bare}]` : bare).replace(/%[^\]]*(?=\])/, '');
  if (!URL.canParse(`http://${host}`)) return undefined;
  const port = isBareIpv6 ? undefined : /:(\d+)$/.exec(bare)?.[1];
  const { hostname } = new URL(`http://${host}`);
  return {
    host: canonicalHost(hostname),
    ports: port === undefined ? ['80', '443'] : [String(Number(port))],
  };
}

/** Whether two authorities name one server, as far as the names tell. */
export function isSameServer(a: string, b: string): boolean {
  const [first, second] = [parseAuthority(a), parseAuthority(b)];
  if (first === undefined || second === undefined) return a.toLowerCase() === b.toLowerCase();
  return first.host === second.host && first.ports.some((port) => second.ports.includes(port));
}

function canonicalHost(hostname: string): string {
  const name = unmapped(hostname.toLowerCase().replace(/\.$/, ''));
  const isLoopback =
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    /^127\.\d+\.\d+\.\d+$/.test(name) ||
    ['0.0.0.0', '[::]', '[::1]'].includes(name);
  return isLoopback ? LOOPBACK : name;
}

/** An IPv4-mapped IPv6 address as the IPv4 address that it is. */
function unmapped(host: string): string {
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  const bytes = [high, low].flatMap((part) => {
    const value = Number.parseInt(part, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join('.');
}
