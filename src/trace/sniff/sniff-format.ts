import { EngramTraceError } from '../../error.ts';
import { reasonOf } from '../frames/damage.ts';
import { refuseFrame } from '../frames/refuse-frame.ts';
import { decompressFrame } from '../frames/zstd.ts';
import { FRAME_MAGIC, frameHeaderBytes, frameSpan, isSkippable, readU32 } from '../frames/zstd-frame.ts';
import { startsWithReplayLog } from './starts-with-replay-log.ts';

/** What the text is, and what it is packed by. */
export type TextFormat = `${'ndjson' | 'loadtest'}${'' | '.zst' | '.gz'}`;
export type SniffedFormat = 'trace' | TextFormat;

/** Bytes of the content's beginning that are enough to tell the format. */
export const SNIFF_BYTES = 64 * 1024;
/** A first frame that claims more is decompressed as a stream: it could be made to fill the memory. */
const MAX_FIRST_FRAME_BYTES = 1024 * 1024;

const END = { done: true, value: undefined } as const;
const NEWLINE = 10;
const GZIP_MAGIC = [0x1f, 0x8b];
const FORMAT_VERSION_TAG = 8;
const WHITE_SPACE = /^[\s\uFEFF]*/;

type Foreign = readonly [start: readonly number[], name: string, hint: string];

/** First bytes of files people take for traces. */
const FOREIGN: readonly Foreign[] = [
  // These two are read, but not within each other or themselves.
  [GZIP_MAGIC, 'gzip', 'It is packed twice: unpack it first.'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd', 'It is packed twice: unpack it first.'],
  [[0x42, 0x5a, 0x68], 'bzip2', 'Unpack it first: bunzip2.'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz', 'Unpack it first: unxz.'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive', 'Unpack it first: unzip.'],
  [[0x04, 0x22, 0x4d, 0x18], 'lz4', 'Unpack it first: lz4 -d.'],
  [[0xd4, 0xc3, 0xb2, 0xa1], 'a pcap capture of packets', 'Record with `engram-trace capture` instead.'],
  [[0x0a, 0x0d, 0x0d, 0x0a], 'a pcapng capture of packets', 'Record with `engram-trace capture` instead.'],
  ...[0x1e, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27].map(
    (version): Foreign => [
      [version, 0xb5, 0x2f, 0xfd],
      'zstd of before version 0.8',
      'Decompress it first, with a zstd that has legacy support.',
    ],
  ),
  [[0x37, 0xa4, 0x30, 0xec], 'a zstd dictionary', 'Give the file that was compressed with it.'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program', 'Give the file the trace was written to.'],
];

/** `{"operations": [{"timestamp_ms": …`, its parts in any order; the list may be empty. */
const LOADTEST = /"operations"\s*:\s*\[\s*(\]|\{\s*"(timestamp_ms|operation)")/;

const NOT_READ_YET = 'That form is not read yet: make NDJSON of it, one record a line (start_ns, path, …).';
const NOT_A_TRACE_HINT =
  'A trace is a .trace.zst file, or NDJSON with one record a line (start_ns, path, …), plain or compressed by zstd or gzip.';

/**
 * Tells what a file is by its first bytes, of which no more are asked for than it takes: a live pipe may be silent for
 * long after its first line. Throws `empty` or `not_a_trace` with a word on what it looks like.
 */
export async function sniffFormat(chunks: AsyncIterable<Uint8Array>, name: string): Promise<SniffedFormat> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    const head = await startOf(source, (bytes) => bytes.length >= 4);
    if (head.length === 0) {
      throw new EngramTraceError('empty', 'the file is empty', {
        where: name,
        hint: 'Whatever should have written it did not: look there.',
      });
    }
    const all = startingWith(head, source);
    if (GZIP_MAGIC.every((byte, i) => head[i] === byte)) return await gzipForm(all, name);
    const magic = readU32(head, 0);
    if (magic !== FRAME_MAGIC && !isSkippable(magic)) return textForm(await startOf(all, holdsLine), name);
    return await compressedForm(head, all, name);
  } finally {
    await source.return?.();
  }
}

async function compressedForm(
  head: Uint8Array,
  all: AsyncIterator<Uint8Array>,
  name: string,
): Promise<SniffedFormat> {
  const first = firstFrame(head, name);
  if (first && startsWithHeader(first)) return 'trace';
  if (first && startsWithReplayLog(first)) throw replayLog(name);
  const { decompressChunks } = await import('../frames/decompress-chunks.ts');
  const content = decompressChunks({ [Symbol.asyncIterator]: () => all }, name);
  try {
    const start = await startOf(content, (bytes) => startsWithHeader(bytes) || holdsLine(bytes));
    if (startsWithHeader(start)) return 'trace';
    if (startsWithReplayLog(start)) throw replayLog(name);
    return `${textForm(start, `${name} (zstd-compressed)`)}.zst`;
  } catch (error) {
    throw isDamage(error) ? damagedStart(name, error) : error;
  } finally {
    await content.return(undefined);
  }
}

async function gzipForm(all: AsyncIterator<Uint8Array>, name: string): Promise<TextFormat> {
  const { gunzipChunks } = await import('../frames/gunzip-chunks.ts');
  const content = gunzipChunks({ [Symbol.asyncIterator]: () => all }, name);
  try {
    const start = await startOf(content, holdsLine);
    if (start.length > 0) return `${textForm(start, `${name} (gzip-compressed)`)}.gz`;
    throw new EngramTraceError('empty', 'there is nothing in the gzip', {
      where: name,
      hint: 'Whatever should have written into it did not: look there.',
    });
  } finally {
    await content.return(undefined);
  }
}

/**
 * The beginning of a source: until there is enough, or `SNIFF_BYTES`, or its end. What is whole in front of damage is
 * for the reader to deliver, which will come to that place too.
 */
async function startOf(
  source: AsyncIterator<Uint8Array>,
  isEnough: (bytes: Buffer) => boolean,
): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < SNIFF_BYTES && !isEnough(bytes)) {
    const chunk = await source.next().catch((error: unknown) => {
      if (bytes.length > 0 && isDamage(error)) return END;
      throw error;
    });
    if (chunk.done) break;
    bytes = Buffer.concat([bytes, chunk.value]);
  }
  return bytes;
}

async function* startingWith(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** A first line that opens an object and does not close it is a document of many lines: more of it is needed. */
function holdsLine(head: Buffer): boolean {
  const [first = '', ...others] = head.toString('latin1').trimStart().split('\n', 2);
  const line = first.trimEnd();
  return others.length > 0 && (!line.startsWith('{') || line.endsWith('}'));
}

/** A Header message with its length in front: its first field is the format version. */
function startsWithHeader(content: Uint8Array): boolean {
  const lengthBytes = content.findIndex((byte) => byte < 128) + 1;
  return lengthBytes > 0 && lengthBytes <= 5 && content[lengthBytes] === FORMAT_VERSION_TAG;
}

/** What the first frame holds, where it is short and at hand as a trace's header is: then no stream is needed. */
export function firstFrame(head: Uint8Array, name: string): Uint8Array | undefined {
  const span = frameSpan(head);
  if (span.kind !== 'data' || span.contentBytes === undefined) return undefined;
  if (span.contentBytes > Math.min(span.maxContentBytes, MAX_FIRST_FRAME_BYTES)) return undefined;
  refuseFrame(head.subarray(0, frameHeaderBytes(head[4])), name);
  try {
    return decompressFrame(head.subarray(0, span.sizeBytes), span.contentBytes);
  } catch (cause) {
    throw cause instanceof EngramTraceError ? cause : damagedStart(name, cause);
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof EngramTraceError && error.code === 'corrupt';
}

function damagedStart(name: string, thrown: unknown): EngramTraceError {
  const cause = thrown instanceof EngramTraceError ? thrown.cause : thrown;
  const message = `starts like zstd, but can't be decompressed: ${reasonOf(cause)}`;
  const hint = 'If it is a trace file, `engram-trace repair` may recover the blocks that are whole.';
  return new EngramTraceError('corrupt', message, { where: name, hint, cause });
}

function textForm(head: Uint8Array, name: string): 'ndjson' | 'loadtest' {
  const foreign = FOREIGN.find(([start]) => start.every((byte, i) => head[i] === byte));
  if (foreign) throw notATrace(name, `it looks like ${foreign[1]}`, foreign[2]);
  if (head.length === 0) throw nothingInside(name);
  if (head.includes(0)) throw notATrace(name, 'it looks like binary data', NOT_A_TRACE_HINT);
  const text = Buffer.from(head).toString('utf8').replace(WHITE_SPACE, '');
  if (text === '') {
    // Blank lines are passed over, however many; the reader of lines has the last word.
    if (head.length >= SNIFF_BYTES) return 'ndjson';
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

function replayLog(name: string): EngramTraceError {
  return notATrace(
    name,
    'it is a replay log',
    'engram-trace cat prints it, one line an operation; engram-trace verify holds it against the results',
  );
}

/** The error for frames without content. */
export function nothingInside(name: string): EngramTraceError {
  return notATrace(name, 'there is nothing in its first frame, nor in those behind it', NOT_A_TRACE_HINT);
}

function notATrace(name: string, what: string, hint: string): EngramTraceError {
  return new EngramTraceError('not_a_trace', `not a trace: ${what}`, { where: name, hint });
}
