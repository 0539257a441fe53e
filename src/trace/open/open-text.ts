import type { Readable } from 'node:stream';
import { EngramTraceError } from '../../error.ts';
import { loadtestTrace, type TextFormat } from '../sniff/sniff-format.ts';
import type { Trace } from '../trace.ts';
import type { ForeignSource, OpenOptions } from './open-options.ts';

/** Opens what is text, compressed or not, by the reader of its form. */
export async function openText(
  source: ForeignSource,
  format: TextFormat,
  options: OpenOptions,
): Promise<Trace> {
  if (format === 'ndjson' || format === 'ndjson.zst' || format === 'ndjson.gz') {
    const { openTraceFromNdjson } = await import('../ndjson/trace-from-ndjson.ts');
    return openTraceFromNdjson({ ...source, format });
  }
  if (options.openLoadtest) return options.openLoadtest(source);
  throw loadtestTrace(source.name);
}

/** Errors of a stream tell its name. */
export async function* wrapErrors(stream: Readable, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw EngramTraceError.from(error, 'io', { where: name });
  }
}

/** What a stream of this form holds: decompressed where it is compressed. */
export async function* content(
  chunks: AsyncIterable<Uint8Array>,
  format: TextFormat,
  name: string,
): AsyncGenerator<Uint8Array> {
  if (format.endsWith('.zst'))
    yield* (await import('../frames/decompress-chunks.ts')).decompressChunks(chunks, name);
  else if (format.endsWith('.gz'))
    yield* (await import('../frames/gunzip-chunks.ts')).gunzipChunks(chunks, name);
  else yield* chunks;
}
