import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { EngramTraceError } from './error.ts';
import type { ByteSink } from './trace.ts';

export interface FileSink extends ByteSink {
  readonly bytesWritten: number;
  /** Gives up: removes what was written. Does nothing after `close`. */
  abort(): Promise<void>;
}

export interface FileSinkOptions {
  /** Replace a file that exists. */
  force?: boolean | undefined;
}

/**
 * A file that appears under its name only when it is whole: written next to it with mode 0600, synced and renamed
 * by `close`. A file that exists is a `usage` error unless forced. Devices and pipes are written directly.
 */
export async function createFileSink(path: string, options: FileSinkOptions = {}): Promise<FileSink> {
  const direct = await isWrittenDirectly(path, options.force ?? false);
  const temporary = direct ? path : `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const file = await open(temporary, direct ? 'w' : 'wx', 0o600).catch((error: unknown) => {
    throw openError(error, path, temporary);
  });
  let bytesWritten = 0;
  let isOpen = true;
  return {
    get bytesWritten() {
      return bytesWritten;
    },
    async write(bytes) {
      await attempt(path, () => writeAll(file, bytes));
      bytesWritten += bytes.length;
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await attempt(path, () => (direct ? file.close() : publish(file, temporary, path)));
    },
    async abort() {
      if (!isOpen) return;
      isOpen = false;
      await file.close().catch(() => {});
      if (!direct) await unlink(temporary).catch(() => {});
    },
  };
}

export interface StreamSink extends ByteSink {
  /** The reader went away; what is written from now on is dropped. */
  readonly gone: boolean;
}

/** Writes to a stream with back-pressure. A reader that goes away (EPIPE) is no error: see `gone`. */
export function createStreamSink(writable: Writable, options: { end?: boolean } = {}): StreamSink {
  let failure: Error | undefined;
  let gone = false;
  writable.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') gone = true;
    else failure ??= error;
  });
  const settle = () => {
    if (failure) throw ioError(failure, 'the output');
  };
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      if (gone || failure || writable.destroyed) resolve();
      else writable.write(bytes, () => resolve());
    });
  return {
    get gone() {
      return gone || (writable.destroyed && !failure);
    },
    async write(bytes) {
      settle();
      await send(bytes);
      settle();
    },
    async close() {
      settle();
      if (options.end && !gone && !writable.destroyed) {
        await new Promise<void>((resolve) => {
          writable.once('close', resolve);
          writable.end(() => resolve());
        });
      } else await send(new Uint8Array(0));
      settle();
    },
  };
}

async function isWrittenDirectly(path: string, force: boolean): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  if (found.isDirectory()) throw new EngramTraceError('usage', 'the output is a directory', { where: path });
  if (!found.isFile()) return true;
  if (force) return false;
  throw new EngramTraceError('usage', 'the output exists already', {
    where: path,
    hint: 'Add --force to replace it.',
  });
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

async function publish(file: FileHandle, temporary: string, path: string): Promise<void> {
  try {
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** So that the new name survives a power cut; not every file system can. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw ioError(error, path);
  }
}

/** Where the output cannot even be begun. The temporary name means nothing to people, so it is not told. */
function openError(error: unknown, path: string, temporary: string): EngramTraceError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = `make ${dirname(path)} first, or name another output`;
    const what = code === 'ENOENT' ? 'its folder does not exist' : 'what should be its folder is none';
    return new EngramTraceError('io', what, { where: path, hint, cause: error });
  }
  const { message, hint } = ioError(error, path);
  return new EngramTraceError('io', message.replace(temporary, path), { where: path, hint, cause: error });
}

function ioError(error: unknown, where: string): EngramTraceError {
  const code = (error as NodeJS.ErrnoException).code;
  const hint = code === undefined ? undefined : HINTS[code];
  return EngramTraceError.from(error, 'io', { where, hint });
}

const HINTS: Record<string, string | undefined> = {
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The quota is used up.',
  ENOENT: 'The folder is gone.',
  EACCES: 'This user may not write there.',
  EROFS: 'The file system is read-only.',
  EFBIG: 'The file system allows no file of this size.',
};
