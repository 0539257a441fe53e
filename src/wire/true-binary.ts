/**
 * The value of a `-bin` header as base64. Peers that agreed on it (gRPC's C core among themselves) send bytes behind a
 * NUL instead, commas and all; to everybody else that is no header.
 */
export function withoutTrueBinary(name: string, value: string): string {
  if (value.charCodeAt(0) !== 0 || !/-bin$/i.test(name)) return value;
  return Buffer.from(value.slice(1), 'latin1').toString('base64').replace(/=+$/, '');
}
