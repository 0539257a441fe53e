import { EngramTraceError } from '../../error.ts';
import type { ByteQueue } from '../bytes/byte-queue.ts';
import { MAX_BLOCK_BYTES } from './block-limits.ts';
import { reasonOf } from './damage.ts';
import { INDEX_MAGIC } from './index-frame.ts';
import { type DataSpan, traceFrameRefusal } from './trace-frame-refusal.ts';
import { decompressFrame } from './zstd.ts';
import { FRAME_MAGIC, type FrameSpan, frameSpan, readU32 } from './zstd-frame.ts';

/** What follows in a file, read from front to back: `raw` is a frame's content. Offsets count from its start. */
export type FrameEvent =
  | { kind: 'data'; offset: number; sizeBytes: number; raw: Uint8Array }
  | { kind: 'skippable'; offset: number; sizeBytes: number; magic: number }
  /** Bytes that are no frame, or a frame that no writer of ours makes; whole frames may follow. */
  | { kind: 'damaged'; offset: number; sizeBytes: number; reason: string }
  /** The last frame ends before its time: the writer was stopped, or is still writing. */
  | { kind: 'cut'; offset: number; sizeBytes: number };

/** zstd makes incompressible data a little longer. */
const MAX_FRAME_BYTES = MAX_BLOCK_BYTES + MAX_BLOCK_BYTES / 128;
/** A longer skippable frame is passed over without being held, so that nothing inside it is searched either. */
const MAX_HELD_SKIPPABLE_BYTES = 64 * 1024 * 1024;
const FRAME_START = Buffer.from([
  FRAME_MAGIC & 255,
  (FRAME_MAGIC >> 8) & 255,
  (FRAME_MAGIC >> 16) & 255,
  FRAME_MAGIC >>> 24,
]);
const INDEX_START = Buffer.from([
  INDEX_MAGIC & 255,
  (INDEX_MAGIC >> 8) & 255,
  (INDEX_MAGIC >> 16) & 255,
  INDEX_MAGIC >>> 24,
]);

/** Walks the frames of a file or pipe. Where something is broken it goes on at the next place that is whole. */
export async function* readFrames(queue: ByteQueue): AsyncGenerator<FrameEvent> {
  while (await queue.ensure(1)) {
    const offset = queue.offset;
    const span = await spanAhead(queue);
    if (span.kind === 'data') {
      const content = decompressAhead(queue, span);
      if ('raw' in content) {
        await queue.discard(span.sizeBytes);
        yield { kind: 'data', offset, sizeBytes: span.sizeBytes, raw: content.raw };
      } else {
        // Its length is not to be trusted either: the next frame may start before this one seems to end.
        yield { kind: 'damaged', offset, sizeBytes: await passToNextFrame(queue), reason: content.reason };
      }
    } else if (span.kind === 'skippable') {
      await queue.discard(span.sizeBytes);
      yield { kind: 'skippable', offset, sizeBytes: span.sizeBytes, magic: span.magic };
    } else yield await passBroken(queue, span);
  }
}

/** The frame that starts here, read as far as it goes. */
async function spanAhead(queue: ByteQueue): Promise<FrameSpan> {
  await queue.ensure(8);
  for (;;) {
    const span = frameSpan(queue.peek());
    if (span.kind !== 'incomplete') return span;
    const magic = readU32(queue.peek(), 0);
    if (magic !== FRAME_MAGIC && span.atLeastBytes > MAX_HELD_SKIPPABLE_BYTES) {
      return { kind: 'skippable', sizeBytes: span.atLeastBytes, magic };
    }
    if (span.atLeastBytes > MAX_FRAME_BYTES)
      return { kind: 'invalid', reason: 'a frame of more than 256 MiB' };
    if (!(await queue.ensure(span.atLeastBytes))) return span;
  }
}

function decompressAhead(queue: ByteQueue, span: DataSpan): { raw: Uint8Array } | { reason: string } {
  const reason = traceFrameRefusal(span);
  if (reason !== undefined) return { reason };
  try {
    return { raw: decompressFrame(queue.peek().subarray(0, span.sizeBytes), span.contentBytes ?? 0) };
  } catch (error) {
    if (error instanceof EngramTraceError) throw error;
    return { reason: reasonOf(error) };
  }
}

async function passBroken(queue: ByteQueue, span: FrameSpan): Promise<FrameEvent> {
  const offset = queue.offset;
  const zeros = await startsWithZeros(queue);
  const sizeBytes = await passToNextFrame(queue);
  const atEnd = !(await queue.ensure(1));
  // A frame that starts well and lacks its end was being written; so was a tail of zeros, after a power cut.
  if (atEnd && (span.kind === 'incomplete' || zeros)) return { kind: 'cut', offset, sizeBytes };
  const reason = span.kind === 'invalid' ? span.reason : 'a frame that goes on behind the end of the file';
  return { kind: 'damaged', offset, sizeBytes, reason };
}

async function startsWithZeros(queue: ByteQueue): Promise<boolean> {
  await queue.ensure(8);
  return queue
    .peek()
    .subarray(0, 8)
    .every((byte) => byte === 0);
}

/** Passes over at least one byte, up to the next frame that is whole, or the end. */
async function passToNextFrame(queue: ByteQueue): Promise<number> {
  let passed = await queue.discard(1);
  while (await queue.ensure(4)) {
    const bytes = queue.peek();
    const at = nextStart(bytes);
    if (at === undefined) {
      passed += await queue.discard(bytes.length - 3);
      continue;
    }
    passed += await queue.discard(at);
    if (await isWholeFrame(queue)) return passed;
    passed += await queue.discard(1);
  }
  return passed + (await queue.discard(4));
}

function nextStart(bytes: Buffer): number | undefined {
  const found = [bytes.indexOf(FRAME_START), bytes.indexOf(INDEX_START)].filter((at) => at >= 0);
  return found.length === 0 ? undefined : Math.min(...found);
}

async function isWholeFrame(queue: ByteQueue): Promise<boolean> {
  const span = await spanAhead(queue);
  if (span.kind === 'data') return traceFrameRefusal(span) === undefined;
  return span.kind === 'skippable' && span.sizeBytes <= MAX_HELD_SKIPPABLE_BYTES;
}
