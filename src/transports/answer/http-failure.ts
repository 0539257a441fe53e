import { connectMessage, connectTrouble } from '../../connect-trouble.ts';
import type { FailureCode } from '../../replay/ports.ts';

/** Names what went wrong with an HTTP exchange, from an error of undici or of a socket. */
export function httpFailure(error: Error, wasSent: boolean): FailureCode {
  const code = codeOf(error);
  if (BY_CODE[code] !== undefined) return BY_CODE[code];
  if (isTlsCode(code)) return 'tls';
  if (!wasSent) return 'connect_failed';
  if (code === 'UND_ERR_SOCKET') return /^bad /.test(error.message) ? 'bad_response' : 'connection_closed';
  // The parser's errors have no code of their own. Where the connection ended and the message had not, the
  // connection is what broke.
  if (error.name === 'HTTPParserError')
    return /EOF/.test(error.message) ? 'connection_closed' : 'bad_response';
  return 'other';
}

const BY_CODE: Readonly<Record<string, FailureCode>> = {
  UND_ERR_INVALID_ARG: 'bad_request',
  UND_ERR_NOT_SUPPORTED: 'bad_request',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'bad_request',
  UND_ERR_ABORTED: 'cancelled',
  UND_ERR_DESTROYED: 'cancelled',
  UND_ERR_CLOSED: 'cancelled',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection_closed',
  ECONNREFUSED: 'connect_failed',
  ENOTFOUND: 'connect_failed',
  EAI_AGAIN: 'connect_failed',
  EHOSTUNREACH: 'connect_failed',
  ENETUNREACH: 'connect_failed',
  EADDRNOTAVAIL: 'connect_failed',
  EMFILE: 'connect_failed',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  EPROTO: 'tls',
};

/** Tells errors of TLS; those of certificates carry OpenSSL's names, such as DEPTH_ZERO_SELF_SIGNED_CERT. */
export function isTlsCode(code: string): boolean {
  return /^ERR_(TLS|SSL)|CERT|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|^CRL_|HOSTNAME_MISMATCH/.test(code);
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : '';
}

const FLAGS = { ca: '--ca', insecure: '--insecure', cert: '--cert', servername: '--servername' };

/** Writes an error in one line for people; errors of several addresses carry no message of their own. */
export function detailOf(error: Error): string {
  const text = connectMessage(error);
  const code = codeOf(error);
  const whole = code === '' || text.includes(code) ? text : `${text} (${code})`;
  const words = connectTrouble(error, FLAGS);
  return words === '' ? whole : `${words} (${whole})`;
}
