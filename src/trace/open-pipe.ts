import type { Readable } from 'node:stream';
import { type ByteQueue, createByteQueue } from './byte-queue.ts';
import { content, openText, wrapErrors } from './open-text.ts';
import type { OpenOptions } from './open-trace.ts';
import { SNIFF_BYTES, sniffFormat } from './sniff-format.ts';
import type { Trace } from './trace.ts';
import { FRAME_MAGIC, frameSpan, readU32 } from './zstd-frame.ts';

/** Opens what comes through a pipe, told apart by its first bytes. */
export async function openPipe(stream: Readable, name: string, options: OpenOptions): Promise<Trace> {
  const queue = createByteQueue(wrapErrors(stream, name), () => void stream.destroy());
  try {
    await ensureHead(queue);
    const format = await sniffFormat(queue.peek().subarray(0, SNIFF_BYTES), name);
    if (format === 'trace')
      return await (await import('./trace-from-pipe.ts')).openTraceFromPipe(queue, name);
    const open = () => content(queue.rest(), format, name);
    return await openText({ name, seekable: false, open, close: () => queue.close() }, format, options);
  } catch (error) {
    await queue.close();
    throw error;
  }
}

/** Enough to tell the format, and no more: a live pipe may be silent for long after its first line. */
async function ensureHead(queue: ByteQueue): Promise<void> {
  await queue.ensure(4);
  const isText = readU32(queue.peek(), 0) !== FRAME_MAGIC;
  const isEnough = (head: Buffer) => (isText ? holdsLine(head) : frameSpan(head).kind !== 'incomplete');
  while (queue.available < SNIFF_BYTES && !isEnough(queue.peek())) {
    if (!(await queue.ensure(queue.available + 1))) return;
  }
}

/** A first line that opens an object and does not close it is a document of many lines: more of it is needed. */
function holdsLine(head: Buffer): boolean {
  const [first = '', ...others] = head.toString('latin1').trimStart().split('\n', 2);
  const line = first.trimEnd();
  return others.length > 0 && (!line.startsWith('{') || line.endsWith('}'));
}
