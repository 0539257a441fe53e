import { addLoss, emptyLoss, type Loss, type TraceRecord } from '../record/record.ts';
import { hintsOfTotals, NO_HINTS, type PlanHints } from '../stats/plan-hints.ts';
import type { ReadOptions, Trace } from '../trace.ts';
import type { BlockPool, BlockPoolWatch } from './block-pool.ts';
import type { DecompressThread } from './decompress-thread.ts';
import { type OpenFileOptions, openTraceFile, type TraceFile, type Unpack } from './trace-file.ts';

/** Blocks from which on a thread that decompresses them ahead is worth its start. */
const WORTH_A_THREAD = 4;

/** Opens a trace file for reading in order. */
export async function openTraceFromFile(path: string, options: OpenFileOptions = {}): Promise<Trace> {
  return traceFromFile(await openTraceFile(path, options));
}

/** Records of an open file in order. Closing the trace closes the file. */
export function traceFromFile(file: TraceFile, poolWatch?: BlockPoolWatch): Trace {
  let readLoss = emptyLoss();
  let thread: DecompressThread | undefined;
  let hints: PlanHints | undefined;
  const index = file.indexSource === 'file' ? file.index : undefined;
  let pool: BlockPool | undefined;
  const unpackAhead = async (isRecycled: boolean): Promise<Unpack> => {
    const { createDecompressThread } = await import('./decompress-thread.ts');
    const { createUnpack } = await import('./create-unpack.ts');
    thread ??= createDecompressThread();
    if (!isRecycled) return createUnpack(thread, undefined);
    pool ??= (await import('./block-pool.ts')).createBlockPool(file.index.blocks, poolWatch);
    return createUnpack(thread, pool);
  };
  return {
    name: file.name,
    format: 'trace',
    header: file.header,
    index,
    get hints() {
      hints ??= index === undefined ? NO_HINTS : hintsOfTotals(index.totals);
      return hints;
    },
    seekable: true,
    warnings: file.warnings,
    records(options = {}) {
      readLoss = emptyLoss();
      const isAhead = options.ahead === true && file.index.blocks.length >= WORTH_A_THREAD;
      return readRecords(file, options, readLoss, isAhead ? unpackAhead : undefined);
    },
    get loss() {
      const known = addLoss(addLoss(emptyLoss(), file.header.loss), file.index.totals.loss);
      return addLoss(known, readLoss);
    },
    close: async () => {
      await thread?.close();
      await file.close();
    },
  };
}

// Loaded when records are read: whoever opens a trace for its index never needs it.
async function* readRecords(
  file: TraceFile,
  options: ReadOptions,
  loss: Loss,
  unpackAhead: ((isRecycled: boolean) => Promise<Unpack>) | undefined,
): AsyncGenerator<TraceRecord[]> {
  const { readBlocks } = await import('./read-blocks.ts');
  yield* readBlocks(file, options, loss, await unpackAhead?.(options.recycled === true));
}
