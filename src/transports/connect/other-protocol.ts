import { type SpokenProtocol, spokenByServer } from '../../wire/spoken-protocol.ts';

const WORDS: Readonly<Record<SpokenProtocol, string>> = {
  TLS: 'the server speaks TLS there: write https:// for it',
  'HTTP/1': 'the server speaks HTTP/1 there: are --endpoint and --grpc-endpoint swapped?',
  'HTTP/2': 'the server speaks HTTP/2 there, as gRPC does: are --endpoint and --grpc-endpoint swapped?',
};

/**
 * What a server speaks whose first bytes are no answer of the protocol it was spoken to in, which is `ours`; '' where
 * nobody can tell, or where it is that protocol, broken.
 */
export function otherProtocol(bytes: Buffer, length: number, ours: SpokenProtocol): string {
  const spoken = spokenByServer(bytes, length);
  return spoken === undefined || spoken === ours ? '' : WORDS[spoken];
}
