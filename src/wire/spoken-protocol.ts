/** The protocol that the first bytes of one side of a connection belong to. */
export type SpokenProtocol = 'TLS' | 'HTTP/1' | 'HTTP/2';

const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const SETTINGS = 4;
const GOAWAY = 7;
const PREFACE = 'PRI * HTTP/2.0';

/** The protocol that a server speaks whose first bytes these are; undefined where nobody can tell. */
export function spokenByServer(bytes: Buffer, length = bytes.length): SpokenProtocol | undefined {
  if (length < 3) return undefined;
  if (isTls(bytes)) return 'TLS';
  if (bytes.toString('latin1', 0, Math.min(5, length)) === 'HTTP/') return 'HTTP/1';
  const isFrame =
    length >= 9 && (bytes[3] === SETTINGS || bytes[3] === GOAWAY) && bytes.readUInt32BE(5) === 0;
  return isFrame ? 'HTTP/2' : undefined;
}

/** The protocol that a client speaks whose first bytes these are; undefined where nobody can tell. */
export function spokenByClient(bytes: Buffer): SpokenProtocol | undefined {
  if (bytes.length < 3) return undefined;
  if (isTls(bytes)) return 'TLS';
  const start = bytes.toString('latin1', 0, PREFACE.length);
  if (start === PREFACE) return 'HTTP/2';
  // PROXY begins the header of a load balancer: what comes behind it is not looked at.
  return /^(?!PROXY )[A-Z]+ [/*a-z]/.test(start) ? 'HTTP/1' : undefined;
}

function isTls(bytes: Buffer): boolean {
  return (bytes[0] === TLS_ALERT || bytes[0] === TLS_HANDSHAKE) && bytes[1] === 3;
}
