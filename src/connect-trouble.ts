/** The names of the flags that help, which differ from command to command. */
export interface TlsFlagNames {
  /** Names a file of certificates to trust. */
  readonly ca: string;
  /** Says that any certificate is taken. */
  readonly insecure: string;
  /** Names the certificate to show. */
  readonly cert: string;
  /** Names the server as its certificate does; '' where there is no such flag. */
  readonly servername: string;
}

/** Says in words what an error of a connection means and what to do; '' where its own message is all there is. */
export function connectTrouble(error: Error, flags: TlsFlagNames): string {
  const { code = '', message } = firstOf(error) as NodeJS.ErrnoException;
  const found = TROUBLES.find(([pattern]) => pattern.test(code) || pattern.test(message));
  return found === undefined ? '' : found[1](flags);
}

/** Its message; of OpenSSL's, which name a thread, a library and a line of source, only what is wrong. */
export function connectMessage(error: Error): string {
  const { message, name } = firstOf(error);
  const text = error.message || message || name;
  return /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(text)?.[1] ?? text;
}

/** `net` tries several addresses of a name, and gathers what each said. */
function firstOf(error: Error): Error {
  const { errors } = error as { errors?: unknown };
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return first instanceof Error ? first : error;
}

type Words = (flags: TlsFlagNames) => string;

/** Matched against the code and the message of Node and OpenSSL, in this order. */
const TROUBLES: readonly (readonly [RegExp, Words])[] = [
  [/^ECONNREFUSED$/, () => 'nobody listens there: is the server up, and is this its port?'],
  [/^ENOTFOUND$/, () => 'there is no such name'],
  [/^EAI_AGAIN$/, () => 'the name could not be looked up: is the name server reachable?'],
  [/^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/, () => 'this machine does not reach it'],
  [/^(EMFILE|ENFILE)$/, () => 'this process may open no more files and sockets (ulimit -n)'],
  [/^EADDRNOTAVAIL$/, () => 'this machine has no local port left for one more connection'],
  [
    /SELF_SIGNED/,
    ({ ca, insecure }) =>
      `its certificate is self-signed: trust it with ${ca} FILE, or take any with ${insecure}`,
  ],
  [
    /UNABLE_TO_(VERIFY|GET_ISSUER)/,
    ({ ca, insecure }) =>
      `its certificate is signed by nobody known here: give the signer with ${ca} FILE, or take any with ${insecure}`,
  ],
  [
    /CERT_HAS_EXPIRED/,
    ({ insecure }) => `its certificate has expired: renew it, or take any with ${insecure}`,
  ],
  [/CERT_NOT_YET_VALID/, () => 'its certificate is not valid yet: is the clock of this machine right?'],
  [
    /ALTNAME_INVALID/,
    ({ servername, insecure }) =>
      `its certificate is for another name: ${servername === '' ? 'connect by that name' : `give that name with ${servername}`}, or take any with ${insecure}`,
  ],
  [
    /NO_APPLICATION_PROTOCOL|no application protocol/i,
    () => 'over TLS it offers another protocol than this (ALPN): HTTP/1 and gRPC have a port each',
  ],
  [
    /CERTIFICATE_REQUIRED|handshake failure|bad certificate|certificate required/i,
    ({ cert }) => `it wants a certificate of its client, or ciphers this one does not have: ${cert} FILE`,
  ],
  [/unknown ca/i, ({ cert }) => `it does not trust the certificate shown to it (${cert})`],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long|HTTP_REQUEST/i,
    () => 'it does not speak TLS: write http:// for it',
  ],
  [
    /before secure TLS connection was established/,
    () => 'it closed the connection in the TLS handshake: does it speak TLS?',
  ],
  [
    /UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|unsupported protocol/i,
    () => 'it speaks no version of TLS that is safe',
  ],
];
