import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';

/** What arrived of a request's body. */
export interface ReceivedBody {
  /** Empty when `sizeBytes` is over the limit. */
  bytes: Buffer;
  sizeBytes: number;
  crc32: number;
  /** The client went away in the middle. */
  aborted: boolean;
}

/** Collects a body up to `limitBytes`, counts what is beyond, and calls `done` exactly once. Checksums only `withCrc`. */
export function receiveBody(
  request: IncomingMessage,
  limitBytes: number,
  withCrc: boolean,
  done: (body: ReceivedBody) => void,
): void {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let checksum = 0;
  let finished = false;
  const finish = (aborted: boolean) => {
    if (finished) return;
    finished = true;
    const bytes = sizeBytes > limitBytes ? Buffer.alloc(0) : joined(chunks);
    done({ bytes, sizeBytes, crc32: checksum, aborted });
  };
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (withCrc) checksum = crc32(chunk, checksum);
    if (sizeBytes <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', () => finish(false));
  request.on('error', () => finish(true));
  request.on('close', () => finish(true));
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks);
}
