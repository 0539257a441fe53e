import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type ByteQueue, createByteQueue } from './byte-queue.ts';
import { EngramTraceError } from './error.ts';
import { loadtestTrace, SNIFF_BYTES, sniffFormat, type TextFormat } from './sniff-format.ts';
import type { Trace } from './trace.ts';
import { FRAME_MAGIC, frameSpan, readU32 } from './zstd-frame.ts';

export interface OpenOptions {
  /** What `-` reads. */
  stdin?: Readable | undefined;
  /** Opens the JSON trace of the Engram loadtest tool, which is not read here; without it that is `not_a_trace`. */
  openLoadtest?: ((source: ForeignSource) => Trace | Promise<Trace>) | undefined;
  /** The index is wanted for its totals alone: opening takes the same time for any size. */
  totalsOnly?: boolean | undefined;
}

/** A file or pipe in a form that is read elsewhere; already decompressed. */
export interface ForeignSource {
  name: string;
  /** Starts reading from the front; a pipe can do so once. */
  open(): AsyncIterable<Uint8Array>;
  seekable: boolean;
  close(): Promise<void>;
}

/** Opens a trace of any form, told apart by its content; `-` is `options.stdin`. Devices and pipes work by name too. */
export async function openTrace(path: string, options: OpenOptions = {}): Promise<Trace> {
  if (path === '-') {
    if (!options.stdin) throw new EngramTraceError('usage', 'there is no input to read', { where: '-' });
    return openPipe(options.stdin, '-', options);
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
  return found.isFile() ? openFile(path, options) : openPipe(createReadStream(path), path, options);
}

async function openFile(path: string, options: OpenOptions): Promise<Trace> {
  const format = await sniffFormat(await readHead(path), path);
  // Each form has a reader of its own, and loading takes its time: only the one that is needed.
  if (format === 'trace') return (await import('./trace-from-file.ts')).openTraceFromFile(path, options);
  return openText(
    {
      name: path,
      seekable: true,
      open: () =>
        content(wrapErrors(createReadStream(path, { highWaterMark: SNIFF_BYTES }), path), format, path),
      close: async () => {},
    },
    format,
    options,
  );
}

async function openPipe(stream: Readable, name: string, options: OpenOptions): Promise<Trace> {
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

async function openText(source: ForeignSource, format: TextFormat, options: OpenOptions): Promise<Trace> {
  if (format === 'ndjson' || format === 'ndjson.zst') {
    const { openTraceFromNdjson } = await import('./trace-from-ndjson.ts');
    return openTraceFromNdjson({ ...source, format });
  }
  if (options.openLoadtest) return options.openLoadtest(source);
  throw loadtestTrace(source.name);
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
  format: TextFormat,
  name: string,
): AsyncGenerator<Uint8Array> {
  if (!format.endsWith('.zst')) yield* chunks;
  else yield* (await import('./decompress-chunks.ts')).decompressChunks(chunks, name);
}
