import type { Transport } from '../../replay/ports.ts';

/** `wire`: HTTP/1.1 and HTTP/2 of our own over sockets. `library`: undici and grpc-js. */
export type TransportKind = 'wire' | 'library';

/** The transport that is used where none is asked for. */
export const DEFAULT_TRANSPORT: TransportKind = 'wire';

/** The transport that operations leave by: one of this program's, or one that the caller made and closes. */
export type TransportChoice = TransportKind | Transport;
