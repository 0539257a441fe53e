import { constants, write } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** An output that this program did not make: a device, a pipe, or an open file. */
export interface DirectFile {
  /** Writes a part of the bytes and returns how many. */
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }>;
  close(): Promise<void>;
}

const RETRY_MS = 1;
const LONGEST_RETRY_MS = 100;
const writeFd = promisify(write);

/** A file that is open already; it stays so, and is written where it stands. */
export function openDescriptor(fd: number): DirectFile {
  return {
    write: (bytes, offset, length) => patiently(() => writeFd(fd, bytes, offset, length, null)),
    close: async () => {},
  };
}

/**
 * A device or a named pipe. A pipe is opened when somebody reads it, and is never waited for within the system: a
 * thread that waits there can't be ended, nor the process with it.
 */
export async function openDevice(path: string, isPipe: boolean): Promise<DirectFile> {
  const begin = () => open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const file = await (isPipe ? patiently(begin) : begin());
  return {
    write: (bytes, offset, length) => patiently(() => file.write(bytes, offset, length)),
    close: () => file.close(),
  };
}

/** Tries again while nobody reads (ENXIO) or the reader is slow (EAGAIN). */
async function patiently<T>(action: () => Promise<T>): Promise<T> {
  for (let waitMs = RETRY_MS; ; waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)) {
    try {
      return await action();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' && code !== 'ENXIO') throw error;
      await sleep(waitMs);
    }
  }
}
