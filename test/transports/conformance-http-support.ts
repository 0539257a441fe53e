import type { Transport } from '../../src/replay/ports.ts';
import type { UndiciTransportOptions } from '../../src/transports/undici/undici-transport.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';

/** One of the HTTP transports, all held to the same tests. */
export interface HttpSubject {
  name: 'undici' | 'wire';
  create(options: UndiciTransportOptions): Transport;
}

export type OnData = Parameters<typeof startScriptedServer>[0];

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Runs `body` with a transport to a scripted server, and closes both. */
export async function withServer(
  subject: HttpSubject,
  onData: OnData,
  body: (transport: Transport, server: ScriptedServer) => Promise<void>,
  options: Partial<UndiciTransportOptions> = {},
): Promise<void> {
  const server = await startScriptedServer(onData);
  const origin = new URL(`http://127.0.0.1:${server.port}`);
  const transport = subject.create({ origin, ...options });
  try {
    await body(transport, server);
  } finally {
    await transport.close();
    await server.close();
  }
}

/** True when a whole request head (and no body) was read. */
export function isHead(text: string): boolean {
  return text.endsWith('\r\n\r\n');
}

export const answerOk: OnData = (socket, text) => {
  if (!isHead(text)) return false;
  socket.write(OK);
  return true;
};

export function lines(text: string | undefined): string[] {
  return (text ?? '').split('\r\n');
}
