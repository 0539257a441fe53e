import { blake3 } from '@noble/hashes/blake3.js';

/** The blake3 hash of bytes, by which a build cache names an artifact: 64 hexadecimal digits in small letters. */
export function blake3Hex(bytes: Uint8Array): string {
  return Buffer.from(blake3(bytes)).toString('hex');
}
