import { Worker } from 'node:worker_threads';
import { type BlockClaim, checkBlock } from '../block/check-block.ts';
import { decompressFrame } from '../frames/zstd.ts';
import type { Decompressed, DecompressJob } from './decompress-worker.ts';

/** Decompresses a frame into a buffer of its own of exactly `rawBytes` bytes; see `decompressFrame`. */
export type Decompress = (frame: Uint8Array, rawBytes: number) => Uint8Array | Promise<Uint8Array>;

/** Decompresses in a thread of its own, which starts with the first frame. */
export interface DecompressThread {
  readonly decompress: Decompress;
  /** Decompresses a frame and decodes all of its block; rejects where it is not what the index claims. */
  check(frame: Uint8Array, rawBytes: number, claim: BlockClaim): Promise<void>;
  close(): Promise<void>;
}

interface Waiting extends DecompressJob {
  resolve(raw: Uint8Array): void;
  reject(error: Error): void;
}

const NO_BYTES = new Uint8Array(0);

/** Makes the thread. Where it can't be had, or dies, frames are decompressed in the calling thread. */
export function createDecompressThread(
  program = new URL('./decompress-worker.js', import.meta.url),
): DecompressThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let isLost = false;
  let jobs = 0;

  const settle = ({ id, raw, problem }: Decompressed): void => {
    const job = waiting.get(id);
    waiting.delete(id);
    if (problem !== '' || (raw === undefined && job?.claim === undefined)) job?.reject(new Error(problem));
    else job?.resolve(raw ?? NO_BYTES);
    // Only who waits for a frame keeps the process alive.
    if (waiting.size === 0 && !isLost) worker?.unref();
  };
  const lost = (): void => {
    isLost = true;
    for (const job of waiting.values()) doHere(job);
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
  const submit = (frame: Uint8Array, rawBytes: number, claim?: BlockClaim) => {
    if (!isLost) worker ??= start();
    const thread = worker;
    if (isLost || thread === undefined) return undefined;
    thread.ref();
    const id = jobs++;
    return new Promise<Uint8Array>((resolve, reject) => {
      waiting.set(id, { id, frame, rawBytes, claim, resolve, reject });
      thread.postMessage({ id, frame, rawBytes, claim } satisfies DecompressJob);
    });
  };
  return {
    decompress: (frame, rawBytes) => submit(frame, rawBytes) ?? decompressFrame(frame, rawBytes),
    check: async (frame, rawBytes, claim) => {
      const checked = submit(frame, rawBytes, claim);
      if (checked === undefined) checkBlock(decompressFrame(frame, rawBytes), claim);
      else await checked;
    },
    close: async () => {
      isLost = true;
      // Its end is waited for: a thread that keeps nothing alive would let the process go before, and what it had to say.
      worker?.ref();
      await worker?.terminate();
    },
  };
}

function doHere({ frame, rawBytes, claim, resolve, reject }: Waiting): void {
  try {
    const raw = decompressFrame(frame, rawBytes);
    if (claim !== undefined) checkBlock(raw, claim);
    resolve(raw);
  } catch (thrown) {
    reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
  }
}
