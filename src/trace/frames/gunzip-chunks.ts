import { createGunzip } from 'node:zlib';
import { EngramTraceError } from '../../error.ts';
import { reasonOf } from './damage.ts';

/** Taken at a time. It may become a thousand times as long, which bounds what is held; and it tells where damage is. */
const PIECE_BYTES = 4096;

/**
 * Unpacks gzip, of any number of members, in memory that does not grow. What comes before damage is delivered before
 * the error is thrown: `corrupt`, with the place in the compressed bytes.
 */
export async function* gunzipChunks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const unpacker = createUnpacker();
  let offset = 0;
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        yield* unpacker.push(piece);
        offset += piece.length;
      }
    }
    yield* unpacker.finish();
  } catch (error) {
    if (error instanceof EngramTraceError) throw error;
    throw new EngramTraceError('corrupt', `the gzip can't be unpacked: ${reasonOf(error)}`, {
      where: `${name}, near byte ${offset}`,
      hint: 'It is cut short or damaged: take it again from where it came.',
      cause: error,
    });
  } finally {
    unpacker.close();
  }
}

interface Unpacker {
  push(piece: Uint8Array): AsyncGenerator<Uint8Array>;
  finish(): AsyncGenerator<Uint8Array>;
  close(): void;
}

/** zlib's stream throws away what was not read yet when it fails; here each step hands on what it gave first. */
function createUnpacker(): Unpacker {
  const gunzip = createGunzip();
  const held: Uint8Array[] = [];
  let hasEnded = false;
  let settle: (error?: unknown) => void = () => {};
  gunzip.on('data', (bytes: Uint8Array) => held.push(bytes));
  gunzip.on('error', (error) => settle(error));
  gunzip.on('end', () => {
    hasEnded = true;
    settle();
  });
  async function* step(act: () => void): AsyncGenerator<Uint8Array> {
    const failure = await new Promise<unknown>((resolve) => {
      settle = resolve;
      act();
    });
    yield* held.splice(0);
    if (failure) throw failure;
  }
  return {
    async *push(piece) {
      const before = gunzip.bytesWritten;
      if (!hasEnded) yield* step(() => gunzip.write(piece, (error) => settle(error)));
      // It ends by itself at zeros behind a member, which fill up the blocks of tapes and disks.
      const padding = hasEnded ? piece.subarray(gunzip.bytesWritten - before) : undefined;
      if (padding?.some((byte) => byte !== 0)) throw new Error('something else is behind it');
    },
    async *finish() {
      if (!hasEnded) yield* step(() => gunzip.end());
    },
    close: () => gunzip.destroy(),
  };
}
