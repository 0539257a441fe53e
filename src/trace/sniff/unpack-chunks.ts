import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { EngramTraceError } from '../../error.ts';
import { type Packing, SNIFF_BYTES } from './unpack-head.ts';

/** Passes the bytes of a stream on; its errors tell its name. */
export async function* wrapErrors(stream: Readable, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw EngramTraceError.from(error, 'io', { where: name });
  }
}

/** The bytes of a file, from the front. */
export function chunksOfFile(path: string): AsyncGenerator<Uint8Array> {
  return wrapErrors(createReadStream(path, { highWaterMark: SNIFF_BYTES }), path);
}

/** The content of a stream that is compressed in this way. */
export async function* unpackChunks(
  chunks: AsyncIterable<Uint8Array>,
  packing: Packing,
  name: string,
): AsyncGenerator<Uint8Array> {
  if (packing === '.zst')
    yield* (await import('../frames/decompress-chunks.ts')).decompressChunks(chunks, name);
  else if (packing === '.gz') yield* (await import('../frames/gunzip-chunks.ts')).gunzipChunks(chunks, name);
  else yield* chunks;
}
