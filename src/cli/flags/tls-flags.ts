import { readFileSync } from 'node:fs';
import { EngramTraceError } from '../../error.ts';
import type { Endpoint } from '../../replay-run/target/endpoint.ts';
import type { TlsSettings } from '../../transports/connect/tls-settings.ts';

/** The flags of `replay` about TLS, and the endpoints it would be spoken with. */
export interface TlsFlags {
  endpoint: readonly Endpoint[];
  grpcEndpoint: readonly Endpoint[];
  ca?: string;
  cert?: string;
  key?: string;
  insecure?: boolean;
  servername?: string;
}

/**
 * Makes the settings of TLS to the targets. Throws `usage` for flags that mean nothing, and files that can't be read.
 */
export function tlsOf(flags: TlsFlags): TlsSettings {
  const { ca, cert, key, insecure, servername } = flags;
  const given = Object.entries({ ca, cert, key, insecure, servername }).filter(
    ([, value]) => value !== undefined,
  );
  const endpoints = [...flags.endpoint, ...flags.grpcEndpoint];
  if (given.length > 0 && !endpoints.some(({ tls }) => tls)) {
    throw new EngramTraceError('usage', `--${given[0]?.[0]} is for TLS, and no endpoint is https`, {
      hint: 'write --endpoint https://… or --grpc-endpoint https://…',
    });
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new EngramTraceError('usage', 'a client certificate needs both --cert and --key');
  }
  const text = (flag: string, path: string | undefined) =>
    path === undefined ? undefined : readText(flag, path);
  return { ca: text('--ca', ca), cert: text('--cert', cert), key: text('--key', key), insecure, servername };
}

/** The text of a file that a flag names. Throws `usage`. */
export function readText(flag: string, path: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  try {
    return readFileSync(path, encoding);
  } catch (thrown) {
    throw EngramTraceError.from(thrown, 'usage', { where: flag });
  }
}
