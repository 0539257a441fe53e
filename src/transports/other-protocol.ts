const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const SETTINGS = 4;
const GOAWAY = 7;

/** What a server speaks whose first bytes are no answer of the protocol it was spoken to in; '' where nobody can tell. */
export function otherProtocol(bytes: Buffer, length: number): string {
  if (length < 3) return '';
  if ((bytes[0] === TLS_ALERT || bytes[0] === TLS_HANDSHAKE) && bytes[1] === 3) {
    return 'the server speaks TLS there: write https:// for it';
  }
  if (bytes.toString('latin1', 0, 5) === 'HTTP/') {
    return 'the server speaks HTTP/1 there: are --endpoint and --grpc-endpoint swapped?';
  }
  const isFrame =
    length >= 9 && (bytes[3] === SETTINGS || bytes[3] === GOAWAY) && bytes.readUInt32BE(5) === 0;
  return isFrame
    ? 'the server speaks HTTP/2 there, as gRPC does: are --endpoint and --grpc-endpoint swapped?'
    : '';
}
