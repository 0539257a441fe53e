import { parentPort } from 'node:worker_threads';
import { decompressFrame } from './zstd.ts';

/** One frame to decompress. */
export interface UnpackJob {
  id: number;
  frame: Uint8Array;
  rawBytes: number;
}

/** What became of it; `problem` in the place of bytes. */
export interface Unpacked {
  id: number;
  raw: Uint8Array<ArrayBuffer> | undefined;
  problem: string;
}

// Entry point of the thread that decompresses blocks ahead of who reads them.

parentPort?.on('message', ({ id, frame, rawBytes }: UnpackJob) => {
  try {
    const raw = decompressFrame(frame, rawBytes) as Uint8Array<ArrayBuffer>;
    const isWhole = raw.byteLength === raw.buffer.byteLength;
    tell({ id, raw, problem: '' }, isWhole ? [raw.buffer] : []);
  } catch (thrown) {
    tell({ id, raw: undefined, problem: thrown instanceof Error ? thrown.message : String(thrown) }, []);
  }
});

function tell(unpacked: Unpacked, handedOver: ArrayBuffer[]): void {
  parentPort?.postMessage(unpacked, handedOver);
}
