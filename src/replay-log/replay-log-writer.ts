import { createHash } from 'node:crypto';
import { createByteWriter } from '../trace/bytes/byte-writer.ts';
import { compressFrame } from '../trace/frames/zstd.ts';
import type { ByteSink } from '../trace/trace.ts';
import { encodeBlockFrame, encodeEndFrame, encodeHeaderFrame } from './encode-log.ts';
import type { LogBlock } from './log-block.ts';
import type { LogEnd, LogHeader, LogSeal } from './replay-log.ts';

/** Writes one replay log frame by frame. Calls must not overlap. */
export interface ReplayLogWriter {
  append(block: LogBlock): Promise<void>;
  /** Writes the end and closes the sink. */
  finish(end: LogEnd): Promise<LogSeal>;
}

/** The header is written with the first block, or with the end. */
export function createReplayLogWriter(sink: ByteSink, header: LogHeader): ReplayLogWriter {
  let previous: Uint8Array = new Uint8Array(32);
  let isBegun = false;
  let blocks = 0;
  let entries = 0;
  const write = async (message: Uint8Array): Promise<void> => {
    previous = createHash('sha256').update(message).digest();
    const out = createByteWriter(message.length + 8);
    out.bytes(message);
    await sink.write(compressFrame(out.view(0, out.sizeBytes)));
  };
  const begin = async (): Promise<void> => {
    if (!isBegun) await write(encodeHeaderFrame(header, previous));
    isBegun = true;
  };
  return {
    append: async (block) => {
      await begin();
      await write(encodeBlockFrame(block, blocks, previous));
      blocks += 1;
      entries += block.count;
    },
    finish: async (end) => {
      await begin();
      await write(encodeEndFrame({ ...end, blocks, entries }, previous));
      await sink.close();
      const sha256 = Buffer.from(previous).toString('hex');
      return { entries, entriesLost: end.entriesLost, blocks, sha256 };
    },
  };
}
