import { createBlockBuilder } from '../block/block-builder.ts';
import type { TraceHeader, TraceRecord } from '../record/record.ts';
import type { ByteSink, TraceWriter } from '../trace.ts';
import { createFrameWriter } from './frame-writer.ts';

export interface TraceWriterOptions {
  /** Raw size at which a block is closed. */
  maxBlockBytes?: number | undefined;
  /** Span of starts at which a block is closed. */
  maxBlockSpanNs?: number | undefined;
  /** zstd level. */
  level?: number | undefined;
}

const MAX_BLOCK_BYTES = 1024 * 1024;
const MAX_BLOCK_SPAN_NS = 1_000_000_000;

/**
 * Writes a trace file. Records may be out of order inside the block now open: they are sorted. One that is older
 * makes blocks overlap, which readers put right; but in a trace whose header says `sorted`, the blocks must keep
 * the order of their first starts, and a record that would break it is a `bad_record` error.
 */
export function createTraceWriter(
  sink: ByteSink,
  header: TraceHeader,
  options: TraceWriterOptions = {},
): TraceWriter {
  const maxBlockBytes = options.maxBlockBytes ?? MAX_BLOCK_BYTES;
  const maxBlockSpanNs = options.maxBlockSpanNs ?? MAX_BLOCK_SPAN_NS;
  const frames = createFrameWriter(sink, header, options);
  const block = createBlockBuilder(header.epochUnixNs);
  // Nothing here has a clock: a file is as old as the last thing known to have happened.
  let latestNs = header.openedNs;

  const flush = async () => {
    await frames.begin();
    if (!block.isEmpty) await frames.append(block.close(latestNs));
  };
  const spans = (record: TraceRecord) =>
    block.records > 0 &&
    (record.startNs - block.firstStartNs >= maxBlockSpanNs ||
      block.lastStartNs - record.startNs >= maxBlockSpanNs);
  return {
    async write(batch) {
      await frames.begin();
      for (const record of batch) {
        if (spans(record)) await flush();
        block.add(record);
        latestNs = Math.max(
          latestNs,
          Math.min(record.startNs + (record.durationNs ?? 0), Number.MAX_SAFE_INTEGER),
        );
        if (block.sizeBytes >= maxBlockBytes) await flush();
      }
    },
    addLoss: (loss) => block.addLoss(loss),
    flush,
    async finish() {
      await flush();
      await frames.finish(latestNs);
    },
  };
}
