import { EngramTraceError } from '../../error.ts';
import { reasonOf } from '../frames/damage.ts';
import { refuseUnboundedFrame } from '../frames/refuse-unbounded-frame.ts';
import { decompressFrame } from '../frames/zstd.ts';
import { FRAME_MAGIC, frameHeaderBytes, frameSpan, isSkippable, readU32 } from '../frames/zstd-frame.ts';
import { startsWithReplayLog } from './starts-with-replay-log.ts';

/** What an input is packed by: nothing, zstd or gzip. */
export type Packing = '' | '.zst' | '.gz';

/** A trace file, or the unpacked beginning of something else. */
export type Unpacked = 'trace file' | { readonly packing: Packing; readonly bytes: Buffer };

/** Bytes of the content's beginning that are enough to tell the format. */
export const SNIFF_BYTES = 64 * 1024;
/** A first frame that claims more is decompressed as a stream: it could be made to fill the memory. */
const MAX_FIRST_FRAME_BYTES = 1024 * 1024;

const END = { done: true, value: undefined } as const;
const GZIP_MAGIC = [0x1f, 0x8b];
const FORMAT_VERSION_TAG = 8;
/** So many bytes tell a header, or a replay log, from all else. */
const TELLING_BYTES = 16;

/**
 * Looks at the beginning of an input, and asks for no more of it than `isEnough` wants: a live pipe may be silent for
 * long after its first line. Throws `empty`, and `corrupt` where it can't be unpacked.
 */
export async function unpackHead(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  isEnough = (bytes: Buffer): boolean => bytes.length >= TELLING_BYTES,
): Promise<Unpacked> {
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
    if (GZIP_MAGIC.every((byte, i) => head[i] === byte)) return await headOfGzip(all, name, isEnough);
    const magic = readU32(head, 0);
    if (magic !== FRAME_MAGIC && !isSkippable(magic))
      return { packing: '', bytes: await startOf(all, isEnough) };
    return await headOfFrames(head, all, name, isEnough);
  } finally {
    await source.return?.();
  }
}

type IsEnough = (bytes: Buffer) => boolean;

async function headOfFrames(
  head: Uint8Array,
  all: AsyncIterator<Uint8Array>,
  name: string,
  isEnough: IsEnough,
): Promise<Unpacked> {
  const first = firstFrame(head, name);
  if (first && startsWithHeader(first)) return 'trace file';
  if (first && startsWithReplayLog(first)) throw replayLog(name);
  const { decompressChunks } = await import('../frames/decompress-chunks.ts');
  const content = decompressChunks({ [Symbol.asyncIterator]: () => all }, name);
  try {
    const bytes = await startOf(content, (start) => startsWithHeader(start) || isEnough(start));
    if (startsWithHeader(bytes)) return 'trace file';
    if (startsWithReplayLog(bytes)) throw replayLog(name);
    return { packing: '.zst', bytes };
  } catch (error) {
    throw isDamage(error) ? damagedStart(name, error) : error;
  } finally {
    await content.return(undefined);
  }
}

async function headOfGzip(
  all: AsyncIterator<Uint8Array>,
  name: string,
  isEnough: IsEnough,
): Promise<Unpacked> {
  const { gunzipChunks } = await import('../frames/gunzip-chunks.ts');
  const content = gunzipChunks({ [Symbol.asyncIterator]: () => all }, name);
  try {
    const bytes = await startOf(content, isEnough);
    if (bytes.length > 0) return { packing: '.gz', bytes };
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
  refuseUnboundedFrame(head.subarray(0, frameHeaderBytes(head[4])), name);
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

function replayLog(name: string): EngramTraceError {
  return new EngramTraceError('not_a_trace', 'not a trace: it is a replay log', {
    where: name,
    hint: 'engram-trace cat prints it, one line an operation; engram-trace verify holds it against the results',
  });
}
