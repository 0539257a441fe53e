import net from 'node:net';
import tls from 'node:tls';
import { connectMessage, connectTrouble, type TlsFlagNames } from '../../connect-trouble.ts';
import type { SpokenProtocol } from '../../wire/spoken-protocol.ts';
import { authorityOf, type HostPort } from './host-port.ts';
import type { Misunderstanding } from './watch-speech.ts';

/** The certificates and keys for TLS to the server, as PEM texts. */
export interface UpstreamTls {
  readonly ca?: string | Buffer | undefined;
  readonly servername?: string | undefined;
  /** Take any certificate. */
  readonly insecure?: boolean | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

/** Where the server behind a relay is, and how it is connected to. */
export interface Upstream {
  readonly upstream: HostPort;
  readonly upstreamTls?: UpstreamTls | undefined;
  /** Protocols offered by ALPN, best first. */
  readonly alpn: readonly string[];
}

/** How long a connection is idle before the kernel asks whether the other end is still there. */
export const TCP_KEEP_ALIVE_MS = 60_000;
/** How long a server may take to answer the check at the start. */
const CHECK_MS = 3_000;

const UPSTREAM_FLAGS: TlsFlagNames = {
  ca: '--upstream-ca',
  insecure: '--upstream-insecure',
  cert: '--upstream-cert',
  servername: '--upstream-servername',
};

/** One sentence: which server, what it is, and what helps. */
export function upstreamTrouble(upstream: HostPort, error: Error): string {
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

/**
 * One sentence where the server speaks something else than its clients; resolves with nothing where all that is known
 * is that it left without a word. Whether that is for want of TLS is found out by a TLS handshake.
 */
export async function speechTrouble(
  options: Pick<Upstream, 'upstream' | 'upstreamTls'>,
  { client, server }: Misunderstanding,
): Promise<string> {
  const name = authorityOf(options.upstream);
  const spoken = server ?? (await spokenWhenAsked(options));
  switch (spoken) {
    case 'TLS':
      return `${name} speaks TLS, and is spoken to without: write https:// before its address, or --upstream-tls`;
    case 'HTTP/2':
      return `${name} speaks HTTP/2, as gRPC does, and the client ${client}: is it the server for --grpc-upstream?`;
    case 'HTTP/1':
      return `${name} speaks HTTP/1, and the client ${client}${client === 'HTTP/2' ? ', as gRPC does' : ''}: ${adviceFor(client)}`;
    default:
      return '';
  }
}

function adviceFor(client: SpokenProtocol): string {
  return client === 'TLS'
    ? 'take its TLS with --tls-cert and --tls-key'
    : 'is it the server for --http-upstream?';
}

/** Whether it speaks TLS, where it was not spoken to so; undefined where it does not, or does not say. */
async function spokenWhenAsked({
  upstream: { host, port },
  upstreamTls,
}: Pick<Upstream, 'upstream' | 'upstreamTls'>): Promise<SpokenProtocol | undefined> {
  if (upstreamTls !== undefined) return undefined;
  return new Promise((resolve) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false });
    const done = (spoken: SpokenProtocol | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(spoken);
    };
    const timer = setTimeout(done, CHECK_MS, undefined);
    timer.unref();
    socket.unref();
    socket.once('secureConnect', () => done('TLS'));
    // It may refuse whom it talks to, but only by TLS.
    socket.on('error', (error) => done(/alert/i.test(error.message) ? 'TLS' : undefined));
  });
}

/** Begins to connect; the socket tells whether that succeeds. */
export function connectUpstream({ upstream, upstreamTls, alpn }: Upstream): net.Socket {
  const { host, port } = upstream;
  const common = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
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
