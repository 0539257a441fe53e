import { EngramTraceError } from '../../error.ts';

/** A server to replay against. */
export interface Endpoint {
  /** `http://host:port` or `https://host:port`, port always there. */
  readonly url: string;
  /** `host:port`, IPv6 in brackets. */
  readonly authority: string;
  readonly tls: boolean;
}

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/**
 * Reads `http://host:7432` (or https), `host:7432`, or `:7432` and `7432` on this machine. Paths, queries and
 * credentials are refused with `usage`.
 */
export function parseHttpEndpoint(text: string): Endpoint {
  const isNameAlone = !/[:@]/.test(text) && !/^\d+$/.test(text);
  return endpointOf(
    isNameAlone ? text : withScheme(text),
    text,
    'http://localhost:7432, localhost:7432 or :7432',
  );
}

/** Reads `http://host:50051`, `https://…` for TLS, plain `host:50051`, or `:50051` on this machine. */
export function parseGrpcEndpoint(text: string): Endpoint {
  return endpointOf(withScheme(text), text, 'localhost:50051, or https://host:443 for TLS');
}

/** Plain HTTP where nothing is said; a port alone is one of this machine (a URL parser would read `8080` as an address). */
function withScheme(text: string): string {
  const port = /^:?(\d+)\/?$/.exec(text)?.[1];
  if (port !== undefined) return `http://127.0.0.1:${port}`;
  return text.includes('://') ? text : `http://${text}`;
}

function endpointOf(urlText: string, given: string, example: string): Endpoint {
  const url = URL.canParse(urlText) ? new URL(urlText) : undefined;
  const defaultPort = DEFAULT_PORTS[url?.protocol ?? ''];
  if (url === undefined || defaultPort === undefined || url.hostname === '') {
    // The text may hold a password, so it is not repeated.
    const shown = given.includes('@') ? '' : ` '${given}'`;
    throw usage(`the endpoint${shown} is no http or https URL`, `write it like ${example}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('an endpoint must not hold credentials', 'give them with -H "authorization: …" or -H @FILE');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw usage(
      `the endpoint '${given}' has a path`,
      'paths come from the trace; name only scheme, host and port',
    );
  }
  const authority = `${url.hostname}:${url.port || defaultPort}`;
  return { url: `${url.protocol}//${authority}`, authority, tls: url.protocol === 'https:' };
}

function usage(message: string, hint: string): EngramTraceError {
  return new EngramTraceError('usage', message, { hint });
}
