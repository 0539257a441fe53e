import { EngramTraceError } from '../../error.ts';
import { compressFrame } from '../frames/zstd.ts';
import { addLoss, emptyLoss, hasLoss, type TraceHeader, type TraceRecord } from '../record/record.ts';
import type { ByteSink, TraceWriter } from '../trace.ts';
import { headerToJson, lossToJson } from './header-json.ts';
import { MAX_LINE_BYTES } from './read-lines.ts';
import { recordToJson } from './record-json.ts';

const CHUNK_CHARS = 1024 * 1024;
const PLAIN_CHUNK_CHARS = 64 * 1024;
const LONGEST_CHAR_BYTES = 3;

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
        const line = lineOf(record);
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

/** A line that no reader takes must not be written. */
function lineOf(record: TraceRecord): string {
  let line: string | undefined;
  try {
    line = JSON.stringify(recordToJson(record));
  } catch {
    // JavaScript has no string as long.
  }
  const isShort = line !== undefined && line.length * LONGEST_CHAR_BYTES <= MAX_LINE_BYTES;
  if (line !== undefined && (isShort || Buffer.byteLength(line) <= MAX_LINE_BYTES)) return line;
  throw new EngramTraceError('bad_record', `its line would be longer than ${MAX_LINE_BYTES} bytes`, {
    where: `the record that starts at ${record.startNs} ns`,
    hint: 'NDJSON does not hold it: keep it in a trace file (.trace.zst).',
  });
}
