import { reasonOf } from './damage.ts';
import { EngramTraceError } from './error.ts';
import { createDecompressStream, decompressFrame } from './zstd.ts';
import { FRAME_MAGIC, frameSpan, isSkippable, readU32 } from './zstd-frame.ts';

export type TextFormat = 'ndjson' | 'ndjson.zst' | 'loadtest' | 'loadtest.zst';
export type SniffedFormat = 'trace' | TextFormat;

/** Bytes of the beginning that are enough to tell the format. */
export const SNIFF_BYTES = 64 * 1024;

const NEWLINE = 10;
const FORMAT_VERSION_TAG = 8;
const WHITE_SPACE = /^[\s\uFEFF]*/;

/** First bytes of files people take for traces. */
const FOREIGN: readonly (readonly [start: readonly number[], name: string, hint: string])[] = [
  [[0x1f, 0x8b], 'gzip', 'Unpack it first: gunzip.'],
  [[0x42, 0x5a, 0x68], 'bzip2', 'Unpack it first: bunzip2.'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz', 'Unpack it first: unxz.'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive', 'Unpack it first: unzip.'],
  [[0x04, 0x22, 0x4d, 0x18], 'lz4', 'Unpack it first: lz4 -d.'],
  [[0xd4, 0xc3, 0xb2, 0xa1], 'a pcap capture of packets', 'Record with `engram-trace capture` instead.'],
  [[0x0a, 0x0d, 0x0d, 0x0a], 'a pcapng capture of packets', 'Record with `engram-trace capture` instead.'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program', 'Give the file the trace was written to.'],
];

/** `{"operations": [{"timestamp_ms": …`, its parts in any order; the list may be empty. */
const LOADTEST = /"operations"\s*:\s*\[\s*(\]|\{\s*"(timestamp_ms|operation)")/;

const NOT_READ_YET = 'That form is not read yet: make NDJSON of it, one record a line (start_ns, path, …).';
const NOT_A_TRACE_HINT =
  'A trace is a .trace.zst file, or NDJSON with one record a line (start_ns, path, …), plain or zstd-compressed.';

/** Tells what a file is by its first bytes; throws `empty` or `not_a_trace` with a word on what it looks like. */
export async function sniffFormat(head: Uint8Array, name: string): Promise<SniffedFormat> {
  if (head.length === 0) {
    throw new EngramTraceError('empty', 'the file is empty', {
      where: name,
      hint: 'Whatever should have written it did not: look there.',
    });
  }
  const magic = readU32(head, 0);
  if (magic !== FRAME_MAGIC && !isSkippable(magic)) {
    return textForm(head, name);
  }
  const content = await decompressStart(head, name);
  if (startsWithHeader(content)) return 'trace';
  return `${textForm(content, `${name} (zstd-compressed)`)}.zst`;
}

/** A Header message with its length in front: its first field is the format version. */
function startsWithHeader(content: Uint8Array): boolean {
  const lengthBytes = content.findIndex((byte) => byte < 128) + 1;
  return lengthBytes > 0 && lengthBytes <= 5 && content[lengthBytes] === FORMAT_VERSION_TAG;
}

/** The beginning of what the first frame holds. Most first frames are short and at hand; then no stream is needed. */
async function decompressStart(head: Uint8Array, name: string): Promise<Uint8Array> {
  const span = frameSpan(head);
  try {
    if (
      span.kind === 'data' &&
      span.contentBytes !== undefined &&
      span.contentBytes <= span.maxContentBytes
    ) {
      return decompressFrame(head.subarray(0, span.sizeBytes), span.contentBytes);
    }
    const start = await streamStart(head);
    // Nothing at all from a frame that is whole is nothing; from one that is not, something is missing.
    if (start.length === 0 && span.kind !== 'data') throw new Error('its first frame is not whole');
    return start;
  } catch (cause) {
    if (cause instanceof EngramTraceError) throw cause;
    const message = `starts like zstd, but can't be decompressed: ${reasonOf(cause)}`;
    const hint = 'If it is a trace file, `engram-trace repair` may recover the blocks that are whole.';
    throw new EngramTraceError('corrupt', message, { where: name, hint, cause });
  }
}

function streamStart(head: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = createDecompressStream();
    stream.once('data', (chunk: Uint8Array) => {
      stream.destroy();
      resolve(chunk);
    });
    stream.on('error', reject);
    stream.write(head, () => resolve(new Uint8Array(0)));
  });
}

function textForm(head: Uint8Array, name: string): 'ndjson' | 'loadtest' {
  const foreign = FOREIGN.find(([start]) => start.every((byte, i) => head[i] === byte));
  if (foreign) throw notATrace(name, `it looks like ${foreign[1]}`, foreign[2]);
  if (head.length === 0) throw notATrace(name, 'there is nothing in its first frame', NOT_A_TRACE_HINT);
  if (head.includes(0)) throw notATrace(name, 'it looks like binary data', NOT_A_TRACE_HINT);
  const text = Buffer.from(head).toString('utf8').replace(WHITE_SPACE, '');
  if (text === '') {
    throw new EngramTraceError('empty', 'the file holds only white space', {
      where: name,
      hint: NOT_A_TRACE_HINT,
    });
  }
  if (text.startsWith('{')) return jsonForm(text, head.includes(NEWLINE), name);
  if (text.startsWith('[')) {
    throw notATrace(name, 'it is a JSON array', 'Write one record a line: jq -c ".[]".');
  }
  throw notATrace(name, 'it looks like text, not like JSON', NOT_A_TRACE_HINT);
}

function jsonForm(text: string, hasNewline: boolean, name: string): 'ndjson' | 'loadtest' {
  const firstLine = text.slice(0, hasNewline ? text.indexOf('\n') : undefined);
  if (/^\{\s*"(start_ns|header|loss)"/.test(firstLine) || /"start_ns"\s*:/.test(firstLine)) return 'ndjson';
  if (LOADTEST.test(text)) return 'loadtest';
  if (/"log"\s*:\s*\{/.test(text) && /"entries"|"creator"/.test(text)) {
    throw notATrace(name, 'it is a HAR file', NOT_READ_YET);
  }
  if (/"resourceSpans"/.test(text)) {
    throw notATrace(name, 'it is an OTLP file of spans', NOT_READ_YET);
  }
  // A body may be longer than what was looked at; then the reader of lines has the last word.
  if (!hasNewline && text.length > SNIFF_BYTES / 2) return 'ndjson';
  throw notATrace(name, 'it is JSON, but its first line has no start_ns', NOT_A_TRACE_HINT);
}

/** The error for a loadtest trace where only forms of our own are read. */
export function loadtestTrace(name: string): EngramTraceError {
  return notATrace(
    name,
    'it is a trace of the Engram loadtest tool',
    'Turn it into a trace first: engram-trace convert.',
  );
}

function notATrace(name: string, what: string, hint: string): EngramTraceError {
  return new EngramTraceError('not_a_trace', `not a trace: ${what}`, { where: name, hint });
}
