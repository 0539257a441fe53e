import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type ByteQueue, createByteQueue } from './byte-queue.ts';
import { EngramTraceError } from './error.ts';
import { SNIFF_BYTES, sniffFormat } from './sniff-format.ts';
import type { Trace } from './trace.ts';
import type { NdjsonSource } from './trace-from-ndjson.ts';
import { FRAME_MAGIC, frameSpan, readU32 } from './zstd-frame.ts';

const LINE_FEED = 10;

export interface OpenOptions {
  /** What `-` reads. */
  stdin?: Readable | undefined;
  /** The index is wanted for its totals alone: opening takes the same time for any size. */
  totalsOnly?: boolean | undefined;
}

/** Opens a trace of any form, told apart by its content; `-` is `options.stdin`. Devices and pipes work by name too. */
export async function openTrace(path: string, options: OpenOptions = {}): Promise<Trace> {
  if (path === '-') {
    if (!options.stdin) throw new EngramTraceError('usage', 'there is no input to read', { where: '-' });
    return openPipe(options.stdin, '-');
  }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const message = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new EngramTraceError('io', message, { where: path, cause: error });
  });
  if (found.isDirectory()) {
    throw new EngramTraceError('not_a_trace', 'it is a folder', {
      where: path,
      hint: 'A folder of segments becomes a trace by `engram-trace export`.',
    });
  }
  return found.isFile() ? openFile(path, options) : openPipe(createReadStream(path), path);
}

async function openFile(path: string, options: OpenOptions): Promise<Trace> {
  const format = await sniffFormat(await readHead(path), path);
  // Each form has a reader of its own, and loading takes its time: only the one that is needed.
  if (format === 'trace') return (await import('./trace-from-file.ts')).openTraceFromFile(path, options);
  const { openTraceFromNdjson } = await import('./trace-from-ndjson.ts');
  return openTraceFromNdjson({
    name: path,
    format,
    seekable: true,
    open: () =>
      content(wrapErrors(createReadStream(path, { highWaterMark: SNIFF_BYTES }), path), format, path),
    close: async () => {},
  });
}

async function openPipe(stream: Readable, name: string): Promise<Trace> {
  const queue = createByteQueue(wrapErrors(stream, name), () => void stream.destroy());
  try {
    await ensureHead(queue);
    const format = await sniffFormat(queue.peek().subarray(0, SNIFF_BYTES), name);
    if (format === 'trace')
      return await (await import('./trace-from-pipe.ts')).openTraceFromPipe(queue, name);
    const { openTraceFromNdjson } = await import('./trace-from-ndjson.ts');
    return await openTraceFromNdjson(pipeSource(queue, name, format));
  } catch (error) {
    await queue.close();
    throw error;
  }
}

function pipeSource(queue: ByteQueue, name: string, format: NdjsonSource['format']): NdjsonSource {
  return {
    name,
    format,
    seekable: false,
    open: () => content(queue.rest(), format, name),
    close: () => queue.close(),
  };
}

/** Enough to tell the format, and no more: a live pipe may be silent for long after its first line. */
async function ensureHead(queue: ByteQueue): Promise<void> {
  await queue.ensure(4);
  const isText = readU32(queue.peek(), 0) !== FRAME_MAGIC;
  const isEnough = (head: Uint8Array) =>
    isText ? head.includes(LINE_FEED) : frameSpan(head).kind !== 'incomplete';
  while (queue.available < SNIFF_BYTES && !isEnough(queue.peek())) {
    if (!(await queue.ensure(queue.available + 1))) return;
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((error: Error) => {
    throw EngramTraceError.from(error, 'io', { where: path });
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function* wrapErrors(stream: Readable, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw EngramTraceError.from(error, 'io', { where: name });
  }
}

async function* content(
  chunks: AsyncIterable<Uint8Array>,
  format: NdjsonSource['format'],
  name: string,
): AsyncGenerator<Uint8Array> {
  if (format === 'ndjson') yield* chunks;
  else yield* (await import('./decompress-chunks.ts')).decompressChunks(chunks, name);
}
