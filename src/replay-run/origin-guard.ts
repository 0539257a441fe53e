import { EngramTraceError } from '../trace/error.ts';
import type { Targets } from './targets.ts';

/**
 * Refuses (`usage`) to replay against a server the trace was recorded from. All names and addresses of this
 * machine's loopback are one host; a port that is left out is 80 or 443.
 */
export function guardOrigins(origins: readonly string[], { http, grpc }: Targets): void {
  for (const endpoint of [http, grpc]) {
    if (endpoint === undefined) continue;
    const origin = origins.find((each) => isSameServer(each, endpoint.authority));
    if (origin === undefined) continue;
    throw new EngramTraceError('usage', `${endpoint.url} is where this trace was recorded (${origin})`, {
      hint: 'replaying would send its traffic, writes included, to that server again; --allow-origin if you mean it',
    });
  }
}

/** Whether two authorities (`host`, `host:port`) name one server, as far as the names tell. */
export function isSameServer(a: string, b: string): boolean {
  const [first, second] = [parse(a), parse(b)];
  if (first === undefined || second === undefined) return a.toLowerCase() === b.toLowerCase();
  if (first.host !== second.host) return false;
  return first.ports.some((port) => second.ports.includes(port));
}

function parse(authority: string): { host: string; ports: string[] } | undefined {
  // A scheme without a default port of its own: URL would drop ":80".
  const bare = authority.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const port = /:(\d+)\/?$/.exec(bare)?.[1];
  const isBareIpv6 = (bare.match(/:/g) ?? []).length > 1 && !bare.includes('[');
  const text = isBareIpv6 ? `http://[${bare}]` : `http://${bare}`;
  if (!URL.canParse(text)) return undefined;
  const host = canonicalHost(new URL(text).hostname);
  return { host, ports: port === undefined || isBareIpv6 ? ['80', '443'] : [String(Number(port))] };
}

function canonicalHost(hostname: string): string {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  const isLoopback =
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    /^127\.\d+\.\d+\.\d+$/.test(host) ||
    ['0.0.0.0', '[::]', '[::1]'].includes(host) ||
    /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(host);
  return isLoopback ? 'loopback' : host;
}
