import { readSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { EngramTraceError } from '../../error.ts';

/** Reads `sizeBytes` at `offset`; fewer where the file ends. */
export type ReadAt = (offset: number, sizeBytes: number) => Promise<Uint8Array>;

const CHUNK_BYTES = 1024 * 1024;

/** Opens a file to be read at any place; throws where there is none, or where it is a folder or a pipe. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const refuse = (error: NodeJS.ErrnoException) => {
    const message = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new EngramTraceError('io', message, { where: path, cause: error });
  };
  // Before it is opened: that would wait for whoever writes to a named pipe.
  const found = await stat(path).catch(refuse);
  if (found.isFile()) return open(path, 'r').catch(refuse);
  throw new EngramTraceError('usage', found.isDirectory() ? 'it is a folder' : 'it is not a regular file', {
    where: path,
    hint: found.isDirectory() ? 'A folder of segments becomes a trace by `engram-trace export`.' : undefined,
  });
}

/** The content of a file up to `sizeBytes`, which it may outgrow while it is read. */
export async function* fileChunks(file: FileHandle, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < sizeBytes; ) {
    const chunk = await readBytes(file, offset, Math.min(CHUNK_BYTES, sizeBytes - offset));
    if (chunk.length === 0) return;
    offset += chunk.length;
    yield chunk;
  }
}

/** Fills `into` with what stands at `offset`; returns how much that is, which is less where the file ends. */
export function readBytesSync(fd: number, into: Uint8Array, offset: number): number {
  let done = 0;
  while (done < into.length) {
    const bytesRead = readSync(fd, into, done, into.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Reads `sizeBytes` at `offset` into memory of their own; fewer where the file ends. */
export async function readBytes(file: FileHandle, offset: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, sizeBytes));
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return new Uint8Array(bytes.buffer, 0, done);
}
