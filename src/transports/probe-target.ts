import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { codeOf, detailOf, isTlsCode } from './http-failure.ts';
import type { TlsSettings } from './tls-settings.ts';

/** A server to look for. */
export interface ProbedTarget {
  /** host:port, IPv6 in brackets. */
  authority: string;
  /** Undefined: cleartext. */
  tls: TlsSettings | undefined;
  /** What it has to speak over TLS. */
  alpn: 'h2' | 'http/1.1';
}

/** Nobody listens, there is no way there, or the name is none. */
const NOBODY = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);

/**
 * Connects once. Resolves with why nobody is there that can be talked to (in words, with the address), or undefined:
 * somebody is, or nothing was heard within `waitMs`, and then nobody knows.
 */
export function whyNobody(target: ProbedTarget, waitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = open(target);
    const end = (why: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(end, waitMs, undefined);
    socket.on('error', (error) =>
      end(isNobody(error, target.tls !== undefined) ? wordsOf(error) : undefined),
    );
    socket.on(target.tls === undefined ? 'connect' : 'secureConnect', () => end(undefined));
  });
}

function open({ authority, tls, alpn }: ProbedTarget): Socket {
  const at = authority.lastIndexOf(':');
  const host = authority.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(authority.slice(at + 1));
  if (tls === undefined) return connect({ host, port });
  const { servername = isIP(host) === 0 ? host : undefined, insecure, ...rest } = tls;
  const given = Object.entries({ ...rest, servername }).filter(([, value]) => value !== undefined);
  return connectTls({
    ...Object.fromEntries(given),
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

/** Of a name with several addresses each is told. */
function wordsOf(error: Error): string {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) ? errors.map((each) => detailOf(each as Error)).join(', ') : detailOf(error);
}
