import { parentPort } from 'node:worker_threads';
import { EngramTraceError } from '../../error.ts';
import { type BlockClaim, checkBlock } from '../block/check-block.ts';
import { decompressFrame } from '../frames/zstd.ts';
import { type BlockPlace, unpackBlock } from './unpack-block.ts';

/** A block to be read and decompressed, into memory that both threads see where it is given; or a frame to be checked. */
export interface DecompressJob {
  id: number;
  work:
    | { kind: 'unpack'; place: BlockPlace; into: SharedArrayBuffer | undefined }
    | { kind: 'check'; frame: Uint8Array; rawBytes: number; claim: BlockClaim };
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
    if (work.kind === 'check') {
      checkBlock(decompressFrame(work.frame, work.rawBytes), work.claim);
      tell({ id });
    } else if (work.into === undefined) {
      const raw = unpackBlock(work.place) as Uint8Array<ArrayBuffer>;
      tell({ id, raw }, raw.byteLength === raw.buffer.byteLength ? [raw.buffer] : []);
    } else {
      unpackBlock(work.place, new Uint8Array(work.into, 0, work.place.rawBytes));
      tell({ id });
    }
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    tell({ id, problem, isIo: thrown instanceof EngramTraceError && thrown.code === 'io' });
  }
});

function tell(done: Decompressed, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(done, handedOver);
}
