import { parentPort } from 'node:worker_threads';
import { EngramTraceError } from '../../error.ts';
import { type DecompressWork, doDecompressWork, memoryFor } from './decompress-work.ts';

/** Work under the number that its result is told by. */
export interface DecompressJob {
  id: number;
  work: DecompressWork;
}

/** The result of a job: the bytes, where they are not in memory that the other thread has. `problem` says why not. */
export interface Decompressed {
  id: number;
  raw?: Uint8Array<ArrayBuffer> | undefined;
  problem?: string | undefined;
  /** The file could not be read, which is no damage of the trace. */
  isIo?: boolean | undefined;
}

// Entry point of the thread that reads and decompresses blocks ahead of who reads their records.

parentPort?.on('message', ({ id, work }: DecompressJob) => {
  try {
    const raw = doDecompressWork(work) as Uint8Array<ArrayBuffer>;
    if (memoryFor(work) !== undefined) tell({ id });
    else tell({ id, raw }, raw.byteLength === raw.buffer.byteLength ? [raw.buffer] : []);
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    tell({ id, problem, isIo: thrown instanceof EngramTraceError && thrown.code === 'io' });
  }
});

function tell(done: Decompressed, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(done, handedOver);
}
