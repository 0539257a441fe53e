import { Worker } from 'node:worker_threads';
import type { Unpacked, UnpackJob } from './unpack-worker.ts';
import { decompressFrame } from './zstd.ts';

/** Decompresses a frame into a buffer of its own of exactly `rawBytes` bytes; see `decompressFrame`. */
export type Unpack = (frame: Uint8Array, rawBytes: number) => Uint8Array | Promise<Uint8Array>;

/** Decompresses in a thread of its own, which starts with the first frame. */
export interface UnpackThread {
  readonly unpack: Unpack;
  close(): Promise<void>;
}

interface Waiting extends UnpackJob {
  resolve(raw: Uint8Array): void;
  reject(error: Error): void;
}

/** Where the thread can't be had, or dies, frames are decompressed right here. */
export function createUnpackThread(program = new URL('./unpack-worker.js', import.meta.url)): UnpackThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let isLost = false;
  let jobs = 0;

  const settle = ({ id, raw, problem }: Unpacked): void => {
    const job = waiting.get(id);
    waiting.delete(id);
    if (raw === undefined) job?.reject(new Error(problem));
    else job?.resolve(raw);
    // Only who waits for a frame keeps the process alive.
    if (waiting.size === 0) worker?.unref();
  };
  const lost = (): void => {
    isLost = true;
    for (const job of waiting.values()) doHere(job);
    waiting.clear();
  };
  const start = (): Worker | undefined => {
    try {
      return new Worker(program, { name: 'unpack' }).on('message', settle).on('error', lost).on('exit', lost);
    } catch {
      // No files or threads left: that is no damage of the trace.
      isLost = true;
      return undefined;
    }
  };
  return {
    unpack: (frame, rawBytes) => {
      if (!isLost) worker ??= start();
      const thread = worker;
      if (isLost || thread === undefined) return decompressFrame(frame, rawBytes);
      thread.ref();
      const id = jobs++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { id, frame, rawBytes, resolve, reject });
        thread.postMessage({ id, frame, rawBytes } satisfies UnpackJob);
      });
    },
    close: async () => {
      isLost = true;
      await worker?.terminate();
    },
  };
}

function doHere({ frame, rawBytes, resolve, reject }: Waiting): void {
  try {
    resolve(decompressFrame(frame, rawBytes));
  } catch (thrown) {
    reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
  }
}
