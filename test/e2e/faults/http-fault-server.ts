import type { Socket } from 'node:net';
import { startScriptedServer } from '../../support/scripted-server.ts';
import type { FaultServer } from './fault-run.ts';

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
export const CLOSING = OK.replace('200 OK', '200 OK\r\nconnection: close');

export interface HttpFaultServer extends FaultServer {
  /** Requests that came. */
  count(): number;
}

/** A server for requests without a body; `act` gets the connection, how many came before, and the operation. */
export async function startHttpServer(
  act: (socket: Socket, before: number, op: string) => void,
  scheme = 'http',
): Promise<HttpFaultServer> {
  let requests = 0;
  const server = await startScriptedServer((socket, text) => {
    if (!text.endsWith('\r\n\r\n')) return false;
    act(socket, requests++, /^GET \/(\w*)/.exec(text)?.[1] ?? '');
    return true;
  });
  return { target: `${scheme}://127.0.0.1:${server.port}`, count: () => requests, close: server.close };
}
