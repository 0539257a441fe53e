import type { Transform } from 'node:stream';
import { EngramTraceError } from './error.ts';
import { createFrameSplitter } from './frame-splitter.ts';
import { createDecompressStream } from './zstd.ts';

/**
 * Decompresses any number of zstd frames, in memory that does not grow. `name` is for the `corrupt` error.
 * Not `pipeline`: its errors would say nothing of the file.
 */
export async function* decompressChunks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const stream = createDecompressStream();
  const feeding = feed(chunks, stream);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
    await feeding;
  } catch (error) {
    const message = `can't be decompressed: ${error instanceof Error ? error.message : String(error)}`;
    if (error instanceof EngramTraceError) throw error;
    throw new EngramTraceError('corrupt', message, { where: name, cause: error });
  } finally {
    // Not awaited: on a pipe the next chunk may never come.
    stream.destroy();
    feeding.catch(() => {});
  }
}

async function feed(chunks: AsyncIterable<Uint8Array>, stream: Transform): Promise<void> {
  const split = createFrameSplitter();
  try {
    for await (const chunk of chunks) {
      for (const piece of split(chunk)) {
        if (stream.destroyed) return;
        await write(stream, piece);
      }
    }
    stream.end();
  } catch (error) {
    stream.destroy(error as Error);
  }
}

function write(stream: Transform, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('close', resolve);
    stream.write(piece, (error) => {
      stream.off('close', resolve);
      if (error) reject(error);
      else resolve();
    });
  });
}
