import { addLoss, emptyLoss, type Loss, type TraceRecord } from '../record/record.ts';
import { hintsOfTotals, NO_HINTS, type PlanHints } from '../stats/plan-hints.ts';
import type { ReadOptions, Trace } from '../trace.ts';
import type { Decompress, DecompressThread } from './decompress-thread.ts';
import { type OpenFileOptions, openTraceFile, type TraceFile } from './trace-file.ts';

/** Blocks from which on a thread that decompresses them ahead is worth its start. */
const WORTH_A_THREAD = 4;

/** Opens a trace file for reading in order. */
export async function openTraceFromFile(path: string, options: OpenFileOptions = {}): Promise<Trace> {
  return traceFromFile(await openTraceFile(path, options));
}

/** Records of an open file in order. Closing the trace closes the file. */
export function traceFromFile(file: TraceFile): Trace {
  let readLoss = emptyLoss();
  let thread: DecompressThread | undefined;
  let hints: PlanHints | undefined;
  const index = file.indexSource === 'file' ? file.index : undefined;
  const decompressAhead = async (): Promise<Decompress> => {
    thread ??= (await import('./decompress-thread.ts')).createDecompressThread();
    return thread.decompress;
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
      return readRecords(file, options, readLoss, isAhead ? decompressAhead : undefined);
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
  decompressAhead: (() => Promise<Decompress>) | undefined,
): AsyncGenerator<TraceRecord[]> {
  const { readBlocks } = await import('./read-blocks.ts');
  yield* readBlocks(file, options, loss, await decompressAhead?.());
}
