import { gunzipSync, inflateSync } from 'node:zlib';
import type { TraceRecord } from '../../trace/record/record.ts';
import { headerValue } from './grpc-metadata-rules.ts';

/** A recorded message larger than this when unpacked is not believed. */
const MAX_UNPACKED_BYTES = 256 * 2 ** 20;

/** A message as the client takes it: never compressed (it compresses nothing itself). Throws for what can't be unpacked. */
export function plainMessage(data: Uint8Array, compressed: boolean, record: TraceRecord): Buffer {
  if (!compressed) return viewOf(data);
  const encoding = headerValue(record.headers, 'grpc-encoding') ?? 'identity';
  const limit = { maxOutputLength: MAX_UNPACKED_BYTES };
  if (encoding === 'gzip') return gunzipSync(data, limit);
  if (encoding === 'deflate') return inflateSync(data, limit);
  throw new Error(`a message is compressed with ${encoding}, which can't be unpacked`);
}

function viewOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}
