import type { Readable } from 'node:stream';
import { EngramTraceError } from '../../error.ts';
import { type ByteQueue, createByteQueue } from '../../trace/bytes/byte-queue.ts';
import { FRAME_MAGIC, frameSpan, isSkippable, readU32 } from '../../trace/frames/zstd-frame.ts';
import { unpackChunks, wrapErrors } from '../../trace/sniff/unpack-chunks.ts';
import type { Trace } from '../../trace/trace.ts';
import { SOURCES } from './default-sources.ts';
import { findSource, nothingInside } from './find-source.ts';
import type { OpenOptions } from './open-options.ts';

/** The longest header, the header of one block, and a checksum. */
const LONGEST_EMPTY_FRAME_BYTES = 18 + 3 + 4;
/** A stream that says nothing for so long is none of ours. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** Opens what comes through a pipe, told apart by its first bytes. */
export async function openPipe(
  stream: Readable,
  name: string,
  { sources = SOURCES }: Pick<OpenOptions, 'sources'> = {},
): Promise<Trace> {
  const queue = createByteQueue(wrapErrors(stream, name), () => void stream.destroy());
  try {
    if (!(await queue.ensure(1))) throw emptyPipe(name);
    await passEmptyFrames(queue);
    const hasNothing = () => nothingInside(name, sources);
    if (queue.offset > 0 && queue.available === 0) throw hasNothing();
    const found = await findSource(peeked(queue, hasNothing), name, sources);
    if (found === 'trace file')
      return await (await import('../../trace/read/trace-from-pipe.ts')).openTraceFromPipe(queue, name);
    const { source, packing } = found;
    const open = () => unpackChunks(queue.rest(), packing, name);
    return await source.open({ name, packing, seekable: false, open, close: () => queue.close() });
  } catch (error) {
    await queue.close();
    throw error;
  }
}

/** Who looks at the pipe sees only its end of it, and not what the command in front of it said. */
function emptyPipe(name: string): EngramTraceError {
  return new EngramTraceError('empty', 'nothing came through the pipe', {
    where: name === '-' ? 'stdin' : name,
    hint: 'the command in front of it failed, or wrote its records elsewhere: see what it says, and whether it writes to stdout (--output -)',
  });
}

/** Shows the bytes that come, without taking them. */
async function* peeked(queue: ByteQueue, tooLong: () => Error): AsyncGenerator<Uint8Array> {
  for (let seen = 0; ; ) {
    if (queue.available > seen) {
      // A copy: asking for more moves what is at hand.
      const more = new Uint8Array(queue.peek().subarray(seen));
      seen += more.length;
      yield more;
    } else if (seen > MAX_HELD_BYTES) throw tooLong();
    else if (!(await queue.ensure(seen + 1))) return;
  }
}

/**
 * Frames that hold nothing, as some tools write in front: what is only looked at is held in memory, and these may be
 * of any size and number. A trace file has none.
 */
async function passEmptyFrames(queue: ByteQueue): Promise<void> {
  while (await queue.ensure(4)) {
    const magic = readU32(queue.peek(), 0);
    if (isSkippable(magic)) {
      await queue.ensure(8);
      await queue.discard(8 + readU32(queue.peek(), 4));
    } else {
      const sizeBytes = magic === FRAME_MAGIC ? await emptyFrameBytes(queue) : 0;
      if (sizeBytes === 0) return;
      await queue.discard(sizeBytes);
    }
  }
}

/** The size of the frame that comes, if it holds nothing; else 0. */
async function emptyFrameBytes(queue: ByteQueue): Promise<number> {
  for (;;) {
    const span = frameSpan(queue.peek());
    if (span.kind === 'data') return span.maxContentBytes === 0 ? span.sizeBytes : 0;
    if (span.kind !== 'incomplete' || span.atLeastBytes > LONGEST_EMPTY_FRAME_BYTES) return 0;
    if (!(await queue.ensure(span.atLeastBytes))) return 0;
  }
}
