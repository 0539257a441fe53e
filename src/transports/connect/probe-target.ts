import type { LookupAddress } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type SpokenProtocol, spokenByServer } from '../../wire/spoken-protocol.ts';
import { codeOf, detailOf, isTlsCode } from '../answer/http-failure.ts';
import { createAddressSpread } from './address-spread.ts';
import type { TlsSettings } from './tls-settings.ts';

/** A server that a probe connects to. */
export interface ProbedTarget {
  /** host:port, IPv6 in brackets. */
  authority: string;
  /** The addresses that its name stands for, where that was looked up. */
  addresses?: readonly LookupAddress[] | undefined;
  /** The settings of TLS; undefined for cleartext. */
  tls: TlsSettings | undefined;
  /** The protocol that the server has to speak. */
  alpn: 'h2' | 'http/1.1';
}

/** Why a target can't be talked to. */
export interface ProbeFinding {
  /** The reason in words, with the address. */
  readonly why: string;
  /** The protocol that the server speaks instead. */
  readonly speaks?: SpokenProtocol | undefined;
}

/** Codes of errors that say that nobody is there: nobody listens, there is no way, or no such name. */
const NOBODY = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);
/** A server of HTTP/1 says nothing before it is asked: it is not waited for longer. */
const FIRST_WORDS_MS = 500;
/** The client's side of the start of HTTP/2, with settings that change nothing. */
const HTTP2_START = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

/**
 * Connects once, and hears what is spoken there. Resolves with why nobody is there that can be talked to, or undefined:
 * somebody is, or nothing was heard within `waitMs`, and then nobody knows.
 */
export function probeTarget(target: ProbedTarget, waitMs: number): Promise<ProbeFinding | undefined> {
  const { tls, alpn } = target;
  return new Promise((resolve) => {
    const socket = open(target);
    const end = (found: ProbeFinding | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    let timer = setTimeout(end, waitMs, undefined);
    socket.on('error', (error) =>
      end(isNobody(error, tls !== undefined) ? { why: wordsOf(error) } : undefined),
    );
    socket.on('close', () => end(undefined));
    if (tls !== undefined) socket.on('secureConnect', () => end(overTls(socket as TLSSocket, alpn)));
    else {
      socket.on('data', (bytes: Buffer) => end(otherThan(alpn, spokenByServer(bytes))));
      socket.on('connect', () => {
        if (alpn === 'h2') socket.write(HTTP2_START, 'latin1');
        else {
          clearTimeout(timer);
          timer = setTimeout(end, Math.min(waitMs, FIRST_WORDS_MS), undefined);
        }
      });
    }
  });
}

function overTls({ alpnProtocol }: TLSSocket, alpn: ProbedTarget['alpn']): ProbeFinding | undefined {
  if (alpn !== 'h2' || alpnProtocol === 'h2') return undefined;
  return { why: 'it offers no HTTP/2 over TLS (ALPN h2)', speaks: 'HTTP/1' };
}

function otherThan(alpn: ProbedTarget['alpn'], speaks: SpokenProtocol | undefined): ProbeFinding | undefined {
  if (speaks === undefined || speaks === (alpn === 'h2' ? 'HTTP/2' : 'HTTP/1')) return undefined;
  return { why: `it speaks ${speaks}${speaks === 'HTTP/2' ? ', as gRPC does' : ''}`, speaks };
}

function open({ authority, addresses, tls, alpn }: ProbedTarget): Socket {
  const at = authority.lastIndexOf(':');
  const host = authority.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(authority.slice(at + 1));
  const lookup = addresses === undefined ? {} : { lookup: createAddressSpread(addresses).lookup };
  if (tls === undefined) return connect({ host, port, ...lookup });
  const { servername = isIP(host) === 0 ? host : undefined, insecure, ...rest } = tls;
  const given = Object.entries({ ...rest, servername }).filter(([, value]) => value !== undefined);
  return connectTls({
    ...Object.fromEntries(given),
    ...lookup,
    host,
    port,
    rejectUnauthorized: insecure !== true,
    ALPNProtocols: [alpn],
  });
}
function isNobody(error: Error, isTls: boolean): boolean {
  const { errors } = error as { errors?: unknown };
  if (Array.isArray(errors)) return errors.every((each) => NOBODY.has(codeOf(each)));
  const code = codeOf(error);
  // A server that does not speak TLS hangs up in the middle of it, or answers with something else.
  return NOBODY.has(code) || isTlsCode(code) || (isTls && ['EPROTO', 'ECONNRESET'].includes(code));
}

/** Writes an error; of a name with several addresses it tells each. */
function wordsOf(error: Error): string {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) ? errors.map((each) => detailOf(each as Error)).join(', ') : detailOf(error);
}
