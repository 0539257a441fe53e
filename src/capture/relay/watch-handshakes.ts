import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { connectionOf } from './relay-side.ts';

/** The connections of a listener whose TLS handshake is under way: nobody else knows of them. */
export interface Handshakes {
  /** Closes them at once: no request came on them. */
  end(): void;
}

/** Follows the handshakes at `server`. A client that begins none, or none to its end, would keep the listener open. */
export function watchHandshakes(server: Server): Handshakes {
  const open = new Set<Socket>();
  server.on('connection', (connection: Socket) => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
  });
  server.on('secureConnection', (client: TLSSocket) => {
    const connection = connectionOf(client);
    if (connection !== undefined) open.delete(connection);
  });
  return {
    end() {
      server.removeAllListeners('tlsClientError'); // it is we who leave
      for (const connection of open) connection.destroy();
    },
  };
}
