import { addLoss, emptyLoss, type Loss, type TraceRecord } from './record.ts';
import type { ReadOptions, Trace } from './trace.ts';
import { type OpenFileOptions, openTraceFile, type TraceFile } from './trace-file.ts';

/** Opens a trace file for reading in order. */
export async function openTraceFromFile(path: string, options: OpenFileOptions = {}): Promise<Trace> {
  return traceFromFile(await openTraceFile(path, options));
}

/** Records of an open file in order. Closing the trace closes the file. */
export function traceFromFile(file: TraceFile): Trace {
  let readLoss = emptyLoss();
  return {
    name: file.name,
    format: 'trace',
    header: file.header,
    index: file.indexSource === 'file' ? file.index : undefined,
    seekable: true,
    warnings: file.warnings,
    records(options = {}) {
      readLoss = emptyLoss();
      return readRecords(file, options, readLoss);
    },
    get loss() {
      const known = addLoss(addLoss(emptyLoss(), file.header.loss), file.index.totals.loss);
      return addLoss(known, readLoss);
    },
    close: () => file.close(),
  };
}

// Loaded when records are read: whoever opens a trace for its index never needs it.
async function* readRecords(
  file: TraceFile,
  options: ReadOptions,
  loss: Loss,
): AsyncGenerator<TraceRecord[]> {
  const { readBlocks } = await import('./read-blocks.ts');
  yield* readBlocks(file, options, loss);
}
