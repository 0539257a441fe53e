import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { ChaosTarget } from '../replay-run/options/chaos-load.ts';
import { createAddressSpread } from '../transports/connect/address-spread.ts';

/** A connection whose bytes are ours to choose. */
export interface ChaosSocket {
  /** What is written and read, inside of TLS where there is any. */
  readonly stream: Socket;
  /** Ends it with a reset. */
  reset(): void;
}

/** Begins to connect; `onOpen` is called once bytes can be sent. */
export type OpenChaosSocket = (onOpen: () => void) => ChaosSocket;

/** Makes connections to a target. They read nothing until they are asked to. */
export function createChaosSockets(target: ChaosTarget): OpenChaosSocket {
  const { endpoint, addresses } = target;
  const { hostname, port, protocol } = new URL(endpoint.url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const spread = addresses && createAddressSpread(addresses);
  const lookup = spread === undefined ? {} : { lookup: spread.lookup };
  const to = { host, port: Number(port || (endpoint.tls ? 443 : 80)), ...lookup };
  if (protocol === 'http:') {
    return (onOpen) => {
      const stream = connect(to).setNoDelay(true);
      stream.once('connect', onOpen);
      return { stream, reset: () => void stream.resetAndDestroy() };
    };
  }
  const secureContext = contextOf(target);
  return (onOpen) => overTls(connect(to).setNoDelay(true), target, secureContext, host, onOpen);
}

function overTls(
  socket: Socket,
  { tls, protocol }: ChaosTarget,
  secureContext: SecureContext,
  host: string,
  onOpen: () => void,
): ChaosSocket {
  const servername = tls?.servername ?? (isIP(host) === 0 ? host : undefined);
  const stream = connectTls({
    ...{ socket, secureContext, rejectUnauthorized: tls?.insecure !== true },
    ALPNProtocols: [protocol === 'http' ? 'http/1.1' : 'h2'],
    ...(servername === undefined ? {} : { servername }),
  });
  socket.on('error', (error) => stream.destroy(error));
  stream.once('secureConnect', onOpen);
  const reset = (): void => {
    // The reset has to go out before TLS says that it ends.
    socket.resetAndDestroy();
    stream.destroy();
  };
  return { stream, reset };
}

function contextOf({ tls }: ChaosTarget): SecureContext {
  const { ca, cert, key } = tls ?? {};
  const given = Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined);
  return createSecureContext(Object.fromEntries(given));
}
