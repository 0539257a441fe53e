import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { EngramTraceError } from '../../error.ts';
import type { ByteSink } from '../trace.ts';
import { type DirectFile, openDescriptor, openDevice } from './direct-file.ts';
import { ioError } from './io-error.ts';
import { makeFolders, removeFolders } from './make-folders.ts';
import { findOutputPlace } from './output-place.ts';
import { type PlaceCalls, placeBeside, placeNew, placeOver, syncFolder, TakenError } from './place-file.ts';

export interface FileSink extends ByteSink {
  readonly bytesWritten: number;
  /** Where the whole file is, if `close` could not give it its name, and nobody has removed it. */
  readonly keptIn: string | undefined;
  /**
   * From now on what is in its place stays, forced or not: `close` throws away what was written. Tells whether there is
   * something.
   */
  keepOld(): boolean;
  /** Gives up: removes what was written. Does nothing after `close`. */
  abort(): Promise<void>;
  /**
   * Gives up, but keeps what was written, in a place where it replaces nothing, and returns its name; undefined where
   * nothing was written or kept.
   */
  keep(): Promise<string | undefined>;
}

export interface FileSinkOptions {
  /** Replace a file that exists. */
  force?: boolean | undefined;
  calls?: PlaceCalls | undefined;
}

/**
 * A file that appears under its name only when it is whole: written next to it with mode 0600, synced and given its
 * name by `close`, in a folder that is made where it is missing. A file that exists is a `usage` error unless forced; one that comes to be in the meantime stays, and
 * `close` says where the new one is instead. The links of its name stay. Devices, pipes and what the process was
 * started with are written directly.
 */
export async function createFileSink(name: string, options: FileSinkOptions = {}): Promise<FileSink> {
  const place = findOutputPlace(name);
  if (place.kind === 'descriptor') return createDirectSink(openDescriptor(place.fd), name);
  if (place.kind === 'device') {
    return createDirectSink(await attempt(name, () => openDevice(name, place.isPipe)), name);
  }
  if (place.found && !options.force) throw existsError(name);
  const { path } = place;
  const temporary = temporaryName(path);
  const { file, made } = await openInFolder(temporary).catch((error: unknown) => {
    throw openError(error, name, temporary);
  });
  let bytesWritten = 0;
  let isOpen = true;
  let keepsOld = false;
  let keptIn: string | undefined;
  const putInPlace = () =>
    options.force ? placeOver(temporary, path) : placeNew(temporary, path, options.calls);
  return {
    get bytesWritten() {
      return bytesWritten;
    },
    get keptIn() {
      return keptIn;
    },
    async write(bytes) {
      await attempt(name, () => writeAll(file, bytes));
      bytesWritten += bytes.length;
    },
    keepOld() {
      keepsOld = place.found !== undefined;
      return keepsOld;
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      if (keepsOld) return remove(file, temporary);
      try {
        await file.sync();
        await file.close();
      } catch (error) {
        await remove(file, temporary);
        throw ioError(error, name);
      }
      await putInPlace().catch(async (error: unknown) => {
        keptIn = await placeBeside(temporary, path, options.calls);
        throw misplaced(error, name, keptIn);
      });
      await syncFolder(path);
    },
    async abort() {
      if (!isOpen) return;
      isOpen = false;
      await remove(file, temporary);
      await removeFolders(made);
    },
    async keep() {
      if (!isOpen) return undefined;
      isOpen = false;
      if (bytesWritten === 0) {
        await remove(file, temporary);
        await removeFolders(made);
        return undefined;
      }
      await file.sync().catch(() => {});
      await file.close().catch(() => {});
      return placeNew(temporary, path, options.calls).then(
        () => path,
        () => placeBeside(temporary, path, options.calls),
      );
    },
  };
}

/** Makes a sink that writes directly; what it has written can't be taken back. */
function createDirectSink(file: DirectFile, name: string): FileSink {
  let bytesWritten = 0;
  let isOpen = true;
  const close = async () => {
    if (isOpen) await attempt(name, () => file.close());
    isOpen = false;
  };
  return {
    get bytesWritten() {
      return bytesWritten;
    },
    async write(bytes) {
      await attempt(name, () => writeAll(file, bytes));
      bytesWritten += bytes.length;
    },
    keptIn: undefined,
    keepOld: () => false,
    close,
    abort: () => close().catch(() => {}),
    keep: async () => {
      await close().catch(() => {});
      return bytesWritten > 0 ? name : undefined;
    },
  };
}

/** A temporary name beside a file, short enough for every file system. */
function temporaryName(path: string): string {
  const start = basename(path).slice(0, LONGEST_START);
  return join(dirname(path), `${start}.${randomBytes(4).toString('hex')}.tmp`);
}

const LONGEST_START = 60;

/** Makes the folders that are not there yet; `made` are those, to be removed with a file that is given up. */
async function openInFolder(path: string): Promise<{ file: FileHandle; made: readonly string[] }> {
  const begin = () => open(path, 'wx', 0o600);
  try {
    return { file: await begin(), made: [] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = await makeFolders(dirname(path));
  return { file: await begin(), made };
}

async function remove(file: FileHandle, temporary: string): Promise<void> {
  await file.close().catch(() => {});
  await unlink(temporary).catch(() => {});
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

function existsError(name: string): EngramTraceError {
  return new EngramTraceError('usage', 'the output exists already', {
    where: name,
    hint: 'Add --force to replace it.',
  });
}

/** The error for a file that could not be put in its place, or that is gone. */
function misplaced(error: unknown, name: string, kept: string | undefined): EngramTraceError {
  if (kept === undefined) {
    const gone = 'what was being written, or its folder, was removed or renamed meanwhile';
    return new EngramTraceError('io', gone, { where: name, cause: error });
  }
  const { message } = error instanceof TakenError ? error : ioError(error, name);
  return new EngramTraceError('io', `${message}; what was written is in ${kept}`, {
    where: name,
    cause: error,
  });
}

/** Writes a part of the bytes and returns how many. */
type PartWriter = Pick<DirectFile, 'write'> | FileHandle;

async function writeAll(file: PartWriter, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

async function attempt<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw ioError(error, name);
  }
}

/**
 * Makes the error for an output that can't even be begun. The temporary name means nothing to people, so it is not
 * told.
 */
function openError(error: unknown, path: string, temporary: string): EngramTraceError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = `make ${dirname(path)} first, or name another output`;
    const what = code === 'ENOENT' ? 'its folder cannot be made' : 'what should be its folder is none';
    return new EngramTraceError('io', what, { where: path, hint, cause: error });
  }
  const { message, hint } = ioError(error, path);
  return new EngramTraceError('io', message.replace(temporary, path), { where: path, hint, cause: error });
}
