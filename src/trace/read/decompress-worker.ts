import { parentPort } from 'node:worker_threads';
import { type BlockClaim, checkBlock } from '../block/check-block.ts';
import { decompressFrame } from '../frames/zstd.ts';

/** One frame to decompress, and where there is a claim, to check and to drop. */
export interface DecompressJob {
  id: number;
  frame: Uint8Array;
  rawBytes: number;
  claim?: BlockClaim | undefined;
}

/** The result of a job; without bytes `problem` says why, and is empty for a block that was only to be checked. */
export interface Decompressed {
  id: number;
  raw: Uint8Array<ArrayBuffer> | undefined;
  problem: string;
}

// Entry point of the thread that decompresses blocks ahead of who reads them.

parentPort?.on('message', ({ id, frame, rawBytes, claim }: DecompressJob) => {
  try {
    const raw = decompressFrame(frame, rawBytes) as Uint8Array<ArrayBuffer>;
    if (claim !== undefined) {
      checkBlock(raw, claim);
      tell({ id, raw: undefined, problem: '' }, []);
      return;
    }
    const isWhole = raw.byteLength === raw.buffer.byteLength;
    tell({ id, raw, problem: '' }, isWhole ? [raw.buffer] : []);
  } catch (thrown) {
    tell({ id, raw: undefined, problem: thrown instanceof Error ? thrown.message : String(thrown) }, []);
  }
});

function tell(done: Decompressed, handedOver: ArrayBuffer[]): void {
  parentPort?.postMessage(done, handedOver);
}
