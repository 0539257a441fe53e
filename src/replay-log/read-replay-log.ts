import { createHash } from 'node:crypto';
import { EngramTraceError } from '../error.ts';
import { createByteQueue } from '../trace/bytes/byte-queue.ts';
import { MalformedError, WireReader } from '../trace/bytes/wire-reader.ts';
import { fileChunks, openRegularFile } from '../trace/file/random-file.ts';
import { readFrames } from '../trace/frames/read-frames.ts';
import { decodeFrame, type LogFrame } from './decode-log.ts';
import type { LogBlock } from './log-block.ts';
import { LOG_FORMAT_VERSION } from './log-columns.ts';
import type { LogEnd, LogHeader } from './replay-log.ts';

/** What a walk through a replay log found. */
export interface LogReading {
  header: LogHeader;
  /** The end of the log; undefined where it has none because its writer was stopped. */
  end: (LogEnd & { blocks: number; entries: number }) | undefined;
  blocks: number;
  entries: number;
  /** SHA-256 in hex of the last frame that was read. */
  sha256: string;
  /** Sentences that say what is wrong with the file; there are none where it is whole and as it was written. */
  damage: string[];
}

/**
 * Reads a replay log, handing on each whole block. Whatever was done to the file — bytes changed, blocks taken out,
 * put in another order or twice, the end cut off — is in `damage`; blocks behind it are still handed on. Throws
 * `not_a_trace` for a file that is no replay log, `unsupported_version` for a newer one.
 */
export async function readReplayLog(path: string, onBlock: (block: LogBlock) => void): Promise<LogReading> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    const blocks = logBlocks(fileChunks(file, size), path);
    for (let next = await blocks.next(); ; next = await blocks.next()) {
      if (next.done) return next.value;
      onBlock(next.value);
    }
  } finally {
    await file.close();
  }
}

/** Reads a log from anywhere, such as a pipe: gives each whole block as it comes, and at last what was found. */
export async function* logBlocks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  onHeader?: (header: LogHeader) => void,
): AsyncGenerator<LogBlock, LogReading> {
  const found: LogBlock[] = [];
  const walk = new Walk(name, (block) => found.push(block), onHeader);
  const queue = createByteQueue(chunks);
  try {
    for await (const event of readFrames(queue)) {
      const at = `at byte ${event.offset}`;
      if (event.kind === 'data') walk.frame(event.raw, at);
      else if (event.kind === 'cut') walk.damage.push(`the last frame, ${at}, is cut off`);
      else if (event.kind === 'damaged') walk.damage.push(`${at}: ${event.reason}`);
      else walk.damage.push(`${at}: a frame that no replay log has`);
      yield* found.splice(0);
    }
    return walk.result();
  } finally {
    await queue.close();
  }
}

/**
 * Reads the blocks of a log again that `readReplayLog` found whole, but for the first `known` ones, without another look
 * at what holds it together.
 */
export async function readBlocksAgain(
  path: string,
  onBlock: (block: LogBlock) => void,
  known = 0,
): Promise<void> {
  let left = known;
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    for await (const event of readFrames(createByteQueue(fileChunks(file, size)))) {
      if (event.kind !== 'data') continue;
      const frame = decodeFrame(new WireReader(event.raw).view(), true);
      if (frame.kind === 'block' && left-- <= 0) onBlock(frame.block);
    }
  } finally {
    await file.close();
  }
}

class Walk {
  readonly damage: string[] = [];
  readonly #path: string;
  readonly #onBlock: (block: LogBlock) => void;
  readonly #onHeader: ((header: LogHeader) => void) | undefined;
  #header: LogHeader | undefined;
  #end: LogReading['end'];
  #previous = '0'.repeat(64);
  #blocks = 0;
  #entries = 0;

  constructor(path: string, onBlock: (block: LogBlock) => void, onHeader?: (header: LogHeader) => void) {
    this.#path = path;
    this.#onBlock = onBlock;
    this.#onHeader = onHeader;
  }

  frame(raw: Uint8Array, at: string): void {
    let message: Uint8Array;
    let frame: LogFrame;
    try {
      const reader = new WireReader(raw);
      message = reader.view();
      if (reader.pos !== reader.end) throw new MalformedError('there is more in the frame than one message');
      frame = decodeFrame(message);
    } catch (thrown) {
      if (!(thrown instanceof MalformedError)) throw thrown;
      if (this.#header === undefined) throw this.#notALog();
      this.damage.push(`${at}: ${thrown.message}`);
      return;
    }
    const names = Buffer.from(frame.previous).toString('hex');
    if (names !== this.#previous) this.damage.push(`${at}: it does not follow the frame before it`);
    this.#previous = createHash('sha256').update(message).digest('hex');
    this.#take(frame, at);
  }

  result(): LogReading {
    if (this.#header === undefined) throw this.#notALog();
    const [blocks, entries, end] = [this.#blocks, this.#entries, this.#end];
    if (end === undefined) this.damage.push('it has no end: the replay was stopped, or the file was cut off');
    else if (end.blocks !== blocks || end.entries !== entries) {
      this.damage.push(
        `${entries} entries in ${blocks} blocks, and its end says ${end.entries} in ${end.blocks}`,
      );
    }
    return { header: this.#header, end, blocks, entries, sha256: this.#previous, damage: this.damage };
  }

  #take(frame: LogFrame, at: string): void {
    if (frame.kind === 'header') this.#takeHeader(frame.header, at);
    else if (this.#header === undefined) throw this.#notALog();
    else if (this.#end !== undefined) this.damage.push(`${at}: there is more behind the end`);
    else if (frame.kind === 'end') this.#end = frame.end;
    else {
      if (frame.number !== this.#blocks) {
        this.damage.push(`${at}: block ${frame.number} where block ${this.#blocks} belongs`);
      }
      this.#blocks += 1;
      this.#entries += frame.block.count;
      this.#onBlock(frame.block);
    }
  }

  #takeHeader(header: LogHeader, at: string): void {
    if (header.formatVersion > LOG_FORMAT_VERSION) {
      const message = `a replay log of version ${header.formatVersion}; this program knows up to ${LOG_FORMAT_VERSION}`;
      throw new EngramTraceError('unsupported_version', message, { where: this.#path });
    }
    if (this.#header !== undefined) this.damage.push(`${at}: a second header`);
    else {
      this.#header = header;
      this.#onHeader?.(header);
    }
  }

  #notALog(): EngramTraceError {
    return new EngramTraceError('not_a_trace', 'it is not a replay log', {
      where: this.#path,
      hint: 'A replay log is what `engram-trace replay --replay-log FILE` writes.',
    });
  }
}
