import net from 'node:net';
import tls from 'node:tls';
import { connectMessage, connectTrouble, type TlsFlags } from '../connect-trouble.ts';
import { authorityOf, type Endpoint } from './endpoint.ts';

/** TLS towards the server: PEM texts. */
export interface UpstreamTls {
  readonly ca?: string | Buffer | undefined;
  readonly servername?: string | undefined;
  /** Take any certificate. */
  readonly insecure?: boolean | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

/** The server behind a relay. */
export interface Upstream {
  readonly upstream: Endpoint;
  readonly upstreamTls?: UpstreamTls | undefined;
  /** Protocols offered by ALPN, best first. */
  readonly alpn: readonly string[];
}

/** How long a connection is idle before the kernel asks whether the other end is still there. */
export const KEEP_ALIVE_MS = 60_000;
/** How long a server may take to answer the check at the start. */
const CHECK_MS = 3_000;

const UPSTREAM_FLAGS: TlsFlags = {
  ca: '--upstream-ca',
  insecure: '--upstream-insecure',
  cert: '--upstream-cert',
  servername: '--upstream-servername',
};

/** One sentence: which server, what it is, and what helps. */
export function upstreamTrouble(upstream: Endpoint, error: Error): string {
  const said = connectMessage(error);
  const words = connectTrouble(error, UPSTREAM_FLAGS);
  return `no connection to ${authorityOf(upstream)}: ${words === '' ? said : `${words} (${said})`}`;
}

/** Says what stands in the way of a connection to the server, or nothing; sends no request. Takes 3 s at most. */
export function checkUpstream(options: Upstream): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectUpstream(options);
    const done = (text: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(() => {
      done(`no connection to ${authorityOf(options.upstream)}: it has not answered for ${CHECK_MS / 1000} s`);
    }, CHECK_MS);
    timer.unref();
    socket.unref();
    socket.once(options.upstreamTls === undefined ? 'connect' : 'secureConnect', () => done(''));
    socket.on('error', (error) => done(upstreamTrouble(options.upstream, error)));
  });
}

/** Begins to connect. What comes of it the socket tells. */
export function connectUpstream({ upstream, upstreamTls, alpn }: Upstream): net.Socket {
  const { host, port } = upstream;
  const common = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    allowHalfOpen: true,
  };
  if (upstreamTls === undefined) return net.connect(common);
  const { ca, cert, key, insecure } = upstreamTls;
  return tls.connect({
    socket: net.connect(common), // one of ours, which can be reset
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ALPNProtocols: [...alpn],
    rejectUnauthorized: insecure !== true,
    servername: upstreamTls.servername ?? (net.isIP(host) === 0 ? host : ''),
  });
}
