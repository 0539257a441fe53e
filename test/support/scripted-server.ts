import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A TCP server on the loopback that does as a test says with each chunk it reads. */
export interface ScriptedServer {
  readonly port: number;
  /** Everything read on each connection, as Latin-1, in the order of the connections. */
  readonly received: string[];
  close(): Promise<void>;
}

/** `onData` gets the connection, all that came on it since it last returned true, and the connection's number. */
export async function startScriptedServer(
  onData: (socket: Socket, text: string, connection: number) => unknown,
): Promise<ScriptedServer> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = received.push('') - 1;
    let pending = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      received[connection] += text;
      pending += text;
      if (onData(socket, pending, connection) === true) pending = '';
    });
  });
  await listening(server);
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

/** A port where nothing listens (for now). */
export async function freePort(): Promise<number> {
  const server = createServer();
  await listening(server);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
