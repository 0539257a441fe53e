import type { Transport } from '../../replay/ports.ts';

/** `wire`: HTTP/1.1 and HTTP/2 of our own over sockets. `library`: undici and grpc-js. */
export type TransportKind = 'wire' | 'library';

/** What is used where nothing is asked for. */
export const DEFAULT_TRANSPORT: TransportKind = 'wire';

/** What operations leave by: one of ours, or one that the caller made and closes. */
export type TransportChoice = TransportKind | Transport;
