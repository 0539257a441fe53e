import { EngramTraceError } from '../trace/error.ts';

/** A server to replay against. */
export interface Endpoint {
  /** `http://host:port` or `https://host:port`, port always there. */
  readonly url: string;
  /** `host:port`, IPv6 in brackets. */
  readonly authority: string;
  readonly tls: boolean;
}

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/** Reads `http://host:7432` (or https). Paths, queries and credentials are refused with `usage`. */
export function parseHttpEndpoint(text: string): Endpoint {
  return endpointOf(text, text, 'http://localhost:7432');
}

/** Reads `http://host:50051`, `https://…` for TLS, or plain `host:50051`. */
export function parseGrpcEndpoint(text: string): Endpoint {
  const withScheme = text.includes('://') ? text : `http://${text}`;
  return endpointOf(withScheme, text, 'localhost:50051, or https://host:443 for TLS');
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
