import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type ConnectionOptions as TlsOptions } from 'node:tls';
import type { FailureCode } from '../../replay/ports.ts';
import { codeOf, detailOf, isTlsCode } from '../answer/http-failure.ts';
import type { AddressSpread } from '../connect/address-spread.ts';
import type { TlsSettings } from '../connect/tls-settings.ts';

/** Where a connection goes, and how it is made. */
export interface DialOptions {
  /** host:port, IPv6 in brackets. */
  target: string;
  tls: TlsOptions | undefined;
  spread?: AddressSpread | undefined;
}

/** What a socket tells. Bytes are good until the call returns. */
export interface DialEvents {
  connected(): void;
  received(bytes: Buffer, length: number): void;
  /** Hears that it ended, at least once; nothing after it means anything. */
  ended(failure: FailureCode, detail: string): void;
}

/** Reads keys and certificates once; throws for what is none. */
export function tlsOptionsOf({ ca, cert, key, servername, insecure }: TlsSettings): TlsOptions {
  const given = Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined);
  return {
    secureContext: createSecureContext(Object.fromEntries(given)),
    ...(servername === undefined ? {} : { servername }),
    rejectUnauthorized: insecure !== true,
    ALPNProtocols: ['h2'],
  };
}

interface DialedAddress {
  host: string;
  port: number;
  lookup?: AddressSpread['lookup'];
}

const READ_BYTES = 64 * 1024;

/** Opens a TCP or TLS connection for HTTP/2. */
export function dial({ target, tls, spread }: DialOptions, events: DialEvents): Socket {
  const to = { ...addressOf(target), ...(spread === undefined ? {} : { lookup: spread.lookup }) };
  const socket = tls === undefined ? dialPlain(to, events) : dialTls(to, tls, events);
  spread?.watch(socket);
  socket.setNoDelay(true);
  socket.on('error', (error) => events.ended(failureOf(error, tls !== undefined), detailOf(error)));
  socket.on('end', () => events.ended('connection_closed', 'the server closed the connection'));
  socket.on('close', () => events.ended('connection_closed', 'the connection was closed'));
  return socket;
}

/** Reads everything into one piece of memory; a stream's buffers would each be new. */
function dialPlain(to: DialedAddress, events: DialEvents): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (bytes: number): boolean => {
    events.received(buffer, bytes);
    return true;
  };
  const socket = connect({ ...to, onread: { buffer, callback } });
  socket.on('connect', () => events.connected());
  return socket;
}

function dialTls(to: DialedAddress, tls: TlsOptions, events: DialEvents): Socket {
  const socket = connectTls({ ...to, ...tls });
  socket.on('secureConnect', () => {
    if (socket.alpnProtocol === 'h2') events.connected();
    else events.ended('tls', 'the server does not offer HTTP/2 (ALPN h2)');
  });
  socket.on('data', (chunk: Buffer) => events.received(chunk, chunk.length));
  return socket;
}

function addressOf(target: string): { host: string; port: number } {
  const at = target.lastIndexOf(':');
  return { host: target.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(target.slice(at + 1)) };
}

function failureOf(error: Error, isTls: boolean): FailureCode {
  const code = codeOf(error);
  if (isTlsCode(code) || (isTls && code === 'EPROTO')) return 'tls';
  return ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code) ? 'connection_reset' : 'connection_closed';
}
