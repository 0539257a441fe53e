import { headerToJson, lossToJson } from './header-json.ts';
import { addLoss, emptyLoss, hasLoss, type TraceHeader } from './record.ts';
import { recordToJson } from './record-json.ts';
import type { ByteSink, TraceWriter } from './trace.ts';
import { compressFrame } from './zstd.ts';

const CHUNK_CHARS = 1024 * 1024;
const PLAIN_CHUNK_CHARS = 64 * 1024;

export interface NdjsonWriterOptions {
  compress?: boolean | undefined;
  /** Neither header nor losses: every line is a record. */
  recordsOnly?: boolean | undefined;
}

/** Writes NDJSON: the header in the first line, then a record a line. Compressed, each MiB is a zstd frame. */
export function createNdjsonWriter(
  sink: ByteSink,
  header: TraceHeader,
  options: NdjsonWriterOptions = {},
): TraceWriter {
  const maxChars = options.compress ? CHUNK_CHARS : PLAIN_CHUNK_CHARS;
  let lines = options.recordsOnly ? [] : [JSON.stringify({ header: headerToJson(header) })];
  let chars = 0;
  let loss = emptyLoss();

  const flushLoss = () => {
    if (hasLoss(loss) && !options.recordsOnly) lines.push(JSON.stringify({ loss: lossToJson(loss) }));
    loss = emptyLoss();
  };
  const send = async () => {
    if (lines.length === 0) return;
    const bytes = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
    lines = [];
    chars = 0;
    await sink.write(options.compress ? compressFrame(bytes) : bytes);
  };
  const flush = async () => {
    flushLoss();
    await send();
  };
  return {
    async write(batch) {
      for (const record of batch) {
        const line = JSON.stringify(recordToJson(record));
        lines.push(line);
        chars += line.length;
        if (chars >= maxChars) await send();
      }
    },
    addLoss: (more) => void addLoss(loss, more),
    flush,
    async finish() {
      await flush();
      await sink.close();
    },
  };
}
