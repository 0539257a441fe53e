import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { EngramTraceError } from '../../error.ts';
import { chunksOfFile, unpackChunks } from '../../trace/sniff/unpack-chunks.ts';
import type { Trace } from '../../trace/trace.ts';
import { findSource } from './find-source.ts';
import type { OpenOptions } from './open-options.ts';

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
  if (found.isSocket()) {
    throw new EngramTraceError('io', "it is a socket, and can't be opened like a file", { where: path });
  }
  return found.isFile() ? openFile(path, options) : openPipe(openStream(path), path, options);
}

async function openFile(path: string, options: OpenOptions): Promise<Trace> {
  const found = await findSource(chunksOfFile(path), path, options.sources);
  // Each form has a reader of its own, and loading takes its time: only the one that is needed.
  if (found === 'trace file')
    return (await import('../../trace/read/trace-from-file.ts')).openTraceFromFile(path, options);
  const { source, packing } = found;
  const open = () => unpackChunks(chunksOfFile(path), packing, path);
  return source.open({ name: path, packing, seekable: true, open, close: async () => {} });
}

/** A pipe or device by its name; where it can't be opened, who reads the stream gets the error. */
function openStream(path: string): Readable {
  return createReadStream(path).on('error', () => {});
}

async function openPipe(stream: Readable, name: string, options: OpenOptions): Promise<Trace> {
  return (await import('./open-pipe.ts')).openPipe(stream, name, options);
}
