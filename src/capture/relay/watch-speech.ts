import type { Socket } from 'node:net';
import { type SpokenProtocol, spokenByClient, spokenByServer } from '../../wire/spoken-protocol.ts';

/** What the two ends of a relayed connection spoke first, where that does not go together. */
export interface Misunderstanding {
  readonly client: SpokenProtocol;
  /** Undefined: the server left without a word. */
  readonly server: SpokenProtocol | undefined;
}

/**
 * Listens to the first bytes of both ends, and to nothing after them. Calls `tell` once at most: where they speak
 * different protocols, or where the server closes the connection although it was spoken to, without a word.
 */
export function watchSpeech(client: Socket, upstream: Socket, tell: (found: Misunderstanding) => void): void {
  let asked: SpokenProtocol | undefined;
  let answered: SpokenProtocol | undefined;
  let isHeard = false;
  const compare = (): void => {
    if (asked !== undefined && answered !== undefined && asked !== answered)
      tell({ client: asked, server: answered });
  };
  client.once('data', (chunk: Buffer) => {
    asked = spokenByClient(chunk);
    compare();
  });
  upstream.once('data', (chunk: Buffer) => {
    isHeard = true;
    answered = spokenByServer(chunk);
    compare();
  });
  let isConnected = false;
  let isLeft = false;
  upstream.once('connect', () => {
    isConnected = true;
  });
  const onLeft = (): void => {
    if (isLeft || !isConnected) return;
    isLeft = true;
    // A client that goes takes the server with it.
    if (!isHeard && asked !== undefined && !client.readableEnded && !client.destroyed)
      tell({ client: asked, server: undefined });
  };
  upstream.once('end', onLeft);
  upstream.once('error', onLeft);
}
