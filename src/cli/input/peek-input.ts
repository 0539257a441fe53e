import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { FRAME_MAGIC, frameSpan, readU32 } from '../../trace/frames/zstd-frame.ts';
import { startsWithReplayLog } from '../../trace/sniff/starts-with-replay-log.ts';
import { wrapErrors } from '../../trace/sniff/unpack-chunks.ts';
import { firstFrame } from '../../trace/sniff/unpack-head.ts';

/** No header of a replay log is longer. */
const MAX_HEAD_BYTES = 1024 * 1024;
/** RFC 8878, 3.1.1.1.1: a frame with none of these has no content size. */
const SIZE_FLAGS = 0b1110_0000;

/** What an input was found to be: a log with all of its bytes, or something else, for the reader of traces. */
export type PeekedInput =
  | { kind: 'replay-log'; chunks: AsyncIterable<Uint8Array> }
  /** `stream`: what comes through a pipe, from its beginning; a file is opened by its name. */
  | { kind: 'other'; stream: Readable | undefined };

/** Tells a replay log by its first frame. Of a pipe no more is asked for than that takes. */
export async function peekInput(name: string): Promise<PeekedInput> {
  const isFile = name === '-' ? false : await isRegular(name);
  if (isFile === undefined || (name === '-' && process.stdin.isTTY))
    return { kind: 'other', stream: undefined };
  const source = name === '-' ? process.stdin : createReadStream(name);
  const chunks = wrapErrors(source, name)[Symbol.asyncIterator]();
  const { head, isLog } = await headOf(chunks);
  if (isLog) return { kind: 'replay-log', chunks: from(head, chunks) };
  if (!isFile) return { kind: 'other', stream: Readable.from(from(head, chunks), { objectMode: false }) };
  source.destroy();
  return { kind: 'other', stream: undefined };
}

/** Undefined for what can't be read at all: the reader of traces says why. */
async function isRegular(path: string): Promise<boolean | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || found.isDirectory() || found.isSocket() ? undefined : found.isFile();
}

async function headOf(chunks: AsyncIterator<Uint8Array>): Promise<{ head: Buffer; isLog: boolean }> {
  let head = Buffer.alloc(0);
  for (;;) {
    const isLog = judged(head);
    if (isLog !== undefined) return { head, isLog };
    const next = await chunks.next();
    if (next.done) return { head, isLog: false };
    head = Buffer.concat([head, next.value]);
  }
}

/** Whether the head is that of a replay log; undefined where more of it is needed. */
function judged(head: Buffer): boolean | undefined {
  if (head.length < 4) return undefined;
  if (readU32(head, 0) !== FRAME_MAGIC) return false;
  // The frames of a log tell their size; of one that does not, the end may be far off.
  if (head.length > 4 && ((head[4] as number) & SIZE_FLAGS) === 0) return false;
  if (frameSpan(head).kind === 'incomplete' && head.length < MAX_HEAD_BYTES) return undefined;
  try {
    const content = firstFrame(head, '');
    return content !== undefined && startsWithReplayLog(content);
  } catch {
    return false;
  }
}

async function* from(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
