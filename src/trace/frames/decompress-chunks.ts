import { EngramTraceError } from '../../error.ts';
import { reasonOf } from './damage.ts';
import { createFrameSplitter } from './frame-splitter.ts';
import { inflate } from './zstd.ts';

/**
 * Decompresses any number of zstd frames, in memory that does not grow. `name` is for the errors: `corrupt`, and
 * `unsupported` for a frame that asks for too much.
 */
export async function* decompressChunks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* inflate(piecesOf(chunks, name));
  } catch (error) {
    if (error instanceof EngramTraceError) throw error;
    throw new EngramTraceError('corrupt', `can't be decompressed: ${reasonOf(error)}`, {
      where: name,
      cause: error,
    });
  }
}

async function* piecesOf(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const splitter = createFrameSplitter(name);
  for await (const chunk of chunks) yield* splitter.split(chunk);
  if (splitter.isWithinFrame) throw new Error('its last frame is not whole');
}
