import { parentPort, workerData } from 'node:worker_threads';
import { EngramTraceError } from '../../error.ts';
import { createBlockBuilder } from '../../trace/block/block-builder.ts';
import { createSingleBodyRoom } from '../requests/body-room.ts';
import type { FromGenerator, GeneratorWork } from './generated-block.ts';
import { type OpenRecording, recordRuns } from './record-batches.ts';

// Entry point of the thread that makes the records of a scenario ahead of who plays them.

/** Small enough that the first one is there at once, and that decoding one delays nobody. */
const BLOCK_BYTES = 256 * 1024;
const BLOCK_SPAN_NS = 1e9;

const work = workerData as GeneratorWork;
let wanted = 0;
let wake: () => void = () => {};

parentPort?.on('message', () => {
  wanted += 1;
  wake();
});

/** Few scenarios take the times of one; what reads all forms of a trace is slow to load. */
const openRecording: OpenRecording = async (file) => {
  const { openTrace } = await import('../../sources/open/open-trace.ts');
  return openTrace(file);
};

async function run(): Promise<void> {
  const block = createBlockBuilder(work.epochUnixNs);
  const close = async (): Promise<void> => {
    while (wanted === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    wanted -= 1;
    const { raw } = block.close(block.lastStartNs);
    tell({ kind: 'block', raw }, [raw.buffer]);
  };
  // A record is in the block before the next one is made.
  for await (const records of recordRuns(work, openRecording, createSingleBodyRoom())) {
    for (const record of records) {
      block.add(record);
      const spanNs = record.startNs - block.firstStartNs;
      if (block.sizeBytes >= BLOCK_BYTES || spanNs >= BLOCK_SPAN_NS) await close();
    }
  }
  if (!block.isEmpty) await close();
  tell({ kind: 'end' });
}

function tell(message: FromGenerator, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, handedOver);
}

run().then(
  () => parentPort?.close(),
  (thrown: unknown) => {
    const { code, message, where, hint } = EngramTraceError.from(thrown);
    tell({ kind: 'failed', error: { code, message, where, hint } });
    parentPort?.close();
  },
);
