import { Worker } from 'node:worker_threads';
import { EngramTraceError } from '../../error.ts';
import type { BlockClaim } from '../block/check-block.ts';
import { type DecompressWork, doDecompressWork, memoryFor } from './decompress-work.ts';
import type { Decompressed, DecompressJob } from './decompress-worker.ts';
import type { BlockPlace } from './unpack-block.ts';

/** Reads and decompresses in a thread of its own, which starts with the first block. */
export interface DecompressThread {
  /** See `unpackBlock`: what comes back is in `into`, or else in memory of its own. */
  unpack(place: BlockPlace, into?: SharedArrayBuffer): Promise<Uint8Array>;
  /** Decompresses a frame and decodes all of its block; rejects where it is not what the index claims. */
  check(frame: Uint8Array, rawBytes: number, claim: BlockClaim): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  work: DecompressWork;
  resolve(raw: Uint8Array): void;
  reject(error: Error): void;
}

/** Makes the thread. Where it can't be had, or dies, its work is done in the calling thread. */
export function createDecompressThread(
  program = new URL('./decompress-worker.js', import.meta.url),
): DecompressThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let isLost = false;
  let jobs = 0;

  const settle = ({ id, raw, problem, isIo }: Decompressed): void => {
    const { work, resolve, reject } = waiting.get(id) as Waiting;
    waiting.delete(id);
    if (problem !== undefined) reject(isIo ? new EngramTraceError('io', problem) : new Error(problem));
    else resolve((raw ?? memoryFor(work)) as Uint8Array);
    // Only who waits for a block keeps the process alive.
    if (waiting.size === 0 && !isLost) worker?.unref();
  };
  const lost = (): void => {
    isLost = true;
    for (const { work, resolve, reject } of waiting.values()) doHere(work).then(resolve, reject);
    waiting.clear();
  };
  const start = (): Worker | undefined => {
    try {
      return new Worker(program, { name: 'decompress' })
        .on('message', settle)
        .on('error', lost)
        .on('exit', lost);
    } catch {
      // No files or threads left: that is no damage of the trace.
      isLost = true;
      return undefined;
    }
  };
  const submit = (work: DecompressWork): Promise<Uint8Array> => {
    if (!isLost) worker ??= start();
    const thread = worker;
    if (isLost || thread === undefined) return doHere(work);
    thread.ref();
    return new Promise<Uint8Array>((resolve, reject) => {
      const job: DecompressJob = { id: jobs++, work };
      waiting.set(job.id, { work, resolve, reject });
      thread.postMessage(job);
    });
  };
  return {
    unpack: (place, into) => submit({ kind: 'unpack', place, into }),
    check: async (frame, rawBytes, claim) => void (await submit({ kind: 'check', frame, rawBytes, claim })),
    close: async () => {
      isLost = true;
      // Its end is waited for: a thread that keeps nothing alive would let the process go before, and what it had to say.
      worker?.ref();
      await worker?.terminate();
    },
  };
}

async function doHere(work: DecompressWork): Promise<Uint8Array> {
  return doDecompressWork(work);
}
