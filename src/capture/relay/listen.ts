import type net from 'node:net';
import { listenError } from '../../listen-error.ts';
import { authorityOf, type HostPort } from './host-port.ts';

const BACKLOG = 4096;

/** Makes a server listen; resolves with the real port. Rejects with what stands in the way. */
export function listen(server: net.Server, at: HostPort): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, authorityOf(at))));
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {}); // running out of descriptors ends one accept, not the capture
      resolve((server.address() as net.AddressInfo).port);
    });
  });
}
