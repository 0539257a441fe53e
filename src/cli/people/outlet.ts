import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A way to an open file that never makes the thread wait, whatever is behind it. */
export interface Outlet {
  /** Resolves when all is taken, rejects when it can't be; one call at a time. What is taken at once is out on return. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface OutletOptions {
  /** How often one looks whether a terminal or a pipe that was full takes more. */
  retryMs: number;
  /** Whether what waits keeps the process alive. */
  keepsAlive: boolean;
}

/**
 * Node writes terminals and files by calls that wait: one terminal stopped by Ctrl-S, or one disk that hangs, stops all
 * that the thread does. So terminals, pipes and devices are opened once more, to be written without waiting (the flags
 * of the other users of the file stay as they are), and files are written outside of this thread.
 */
export function openOutlet(fd: number, options: OutletOptions): Outlet {
  const found = fstatSync(fd);
  if (found.isFile()) return fileOutlet(fd);
  if (found.isSocket()) return socketOutlet(fd);
  const own = reopened(fd);
  if (own !== undefined) return polledOutlet(own, options);
  // Another user made it, or there is no /proc here.
  return found.isFIFO() ? socketOutlet(fd) : fileOutlet(fd);
}

function reopened(fd: number): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  if (process.platform !== 'linux') return undefined;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

function polledOutlet(fd: number, { retryMs, keepsAlive }: OutletOptions): Outlet {
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        try {
          done += writeSync(fd, bytes, done);
        } catch (thrown) {
          if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
          await pause(retryMs, undefined, { ref: keepsAlive });
        }
      }
    },
  };
}

function fileOutlet(fd: number): Outlet {
  const some = (bytes: Uint8Array): Promise<number> =>
    new Promise((resolve, reject) =>
      write(fd, bytes, (error, written) => (error ? reject(error) : resolve(written))),
    );
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) done += await some(bytes.subarray(done));
    },
  };
}

function socketOutlet(fd: number): Outlet {
  let opened: Promise<Socket> | undefined;
  return {
    async write(bytes) {
      opened ??= openSocket(fd);
      const socket = await opened;
      await new Promise<void>((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    },
  };
}

/** Loaded here because it takes longer than all else that `--version` needs. */
async function openSocket(fd: number): Promise<Socket> {
  const { Socket } = await import('node:net');
  // Whoever writes is told of errors.
  return new Socket({ fd, readable: false, writable: true }).on('error', () => {});
}
