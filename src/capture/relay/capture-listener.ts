import { EngramTraceError } from '../../error.ts';
import { authorityOf, type HostPort, parseHostPort } from './host-port.ts';
import type { ListenerTls } from './relay.ts';
import type { UpstreamTls } from './upstream.ts';

/** An address that clients connect to, and the server behind it. */
export interface CaptureListener {
  readonly listen: HostPort;
  readonly upstream: HostPort;
  readonly listenTls?: ListenerTls | undefined;
  readonly upstreamTls?: UpstreamTls | undefined;
}

/** A listener whose addresses are given as text. */
export interface CaptureListenerOptions extends Omit<CaptureListener, 'listen' | 'upstream'> {
  /** `[host:]port`; any free port of 127.0.0.1 where undefined. */
  readonly listen?: string | HostPort | undefined;
  /** `[host:]port`, or `https://host:port` for TLS. */
  readonly upstream: string | HostPort;
}

const THIS_MACHINE = '127.0.0.1';

/** Reads the addresses of a listener. Throws `usage` for what is none. */
export function captureListener(given: string | CaptureListenerOptions): CaptureListener {
  const {
    listen = '0',
    upstream,
    listenTls,
    upstreamTls,
  } = typeof given === 'string' ? { upstream: given } : given;
  const { tls, ...target } = endpointOf(upstream);
  if (target.port === 0)
    throw new EngramTraceError('usage', `the upstream ${authorityOf(target)} needs a port`);
  const { host, port } = endpointOf(listen);
  return {
    listen: { host, port },
    upstream: target,
    listenTls,
    upstreamTls: upstreamTls ?? (tls ? {} : undefined),
  };
}

function endpointOf(given: string | HostPort): HostPort & { tls: boolean } {
  return typeof given === 'string' ? parseHostPort(given, THIS_MACHINE) : { ...given, tls: false };
}
