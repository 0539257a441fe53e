import type { FileHandle } from 'node:fs/promises';
import { EngramTraceError } from '../../error.ts';
import type { BlockCursor } from '../block/block-cursor.ts';
import { MalformedError } from '../bytes/wire-reader.ts';
import { openRegularFile, type ReadAt, readBytes } from '../file/random-file.ts';
import { type DamagedRange, damagedBlock } from '../frames/damage.ts';
import { decompressFrame } from '../frames/zstd.ts';
import { frameSpan } from '../frames/zstd-frame.ts';
import { loadIndex, loadTotals } from '../index/load-index.ts';
import type { TraceHeader, TraceRecord } from '../record/record.ts';
import { SNIFF_BYTES, unpackHead } from '../sniff/unpack-head.ts';
import type { BlockEntry, TraceIndex } from '../stats/trace-index.ts';
import type { DecompressThread } from './decompress-thread.ts';
import { readHeaderFrame } from './read-header.ts';
import { type BlockPlace, checkFrame, type RawBlock } from './unpack-block.ts';

/** Reads and decompresses a block of an open file elsewhere; rejects as `unpackBlock` throws. */
export type Unpack = (place: BlockPlace, records: number) => Promise<RawBlock>;

/** A trace file with random access to its blocks. */
export interface TraceFile {
  readonly name: string;
  readonly header: TraceHeader;
  /** Blocks in the order of their first starts. */
  readonly index: TraceIndex;
  /** `scan`: the file has no index that can be used, and all its blocks were read to make one. */
  readonly indexSource: 'file' | 'scan';
  readonly warnings: readonly string[];
  readonly sizeBytes: number;
  /** What a scan found broken between the blocks; with an index, damage shows only when a block is read. */
  readonly damaged: readonly DamagedRange[];
  /** False: it ends without an index, so that nobody knows whether blocks are missing. */
  readonly isClosed: boolean;
  /** Bytes at the end that belong to a block that is not whole. */
  readonly cutBytes: number;
  /** The compressed frame of a block, as it is in the file. */
  readFrame(entry: BlockEntry): Promise<Uint8Array>;
  /** Reads a frame, after `check` decompressed and decoded all of it. Throws `corrupt`. */
  readChecked(entry: BlockEntry, check: DecompressThread['check']): Promise<Uint8Array>;
  /** All records of a block; times in ns from the header's epoch. Throws `corrupt`. */
  readBlock(entry: BlockEntry): Promise<TraceRecord[]>;
  /** The bytes of a block, which `unpack` makes where it is given. Throws `corrupt`. */
  readRaw(entry: BlockEntry, unpack?: Unpack): Promise<RawBlock>;
  /** A block, to be decoded record by record; `raw` is what `readRaw` brings. Throws `corrupt`. */
  openBlock(entry: BlockEntry, raw?: Promise<RawBlock>): Promise<BlockCursor>;
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 16 * 1024 * 1024;

export interface OpenFileOptions {
  /** The index is wanted for its totals alone: its entries are not decoded as long as nobody looks at them. */
  totalsOnly?: boolean | undefined;
}

/** Opens a trace file. Reads its header and its index, no block; where the index is missing, all blocks once. */
export async function openTraceFile(path: string, options: OpenFileOptions = {}): Promise<TraceFile> {
  const file = await openRegularFile(path);
  try {
    return await readTraceFile(file, path, options);
  } catch (error) {
    await file.close();
    throw EngramTraceError.from(error, 'io', { where: path });
  }
}

async function readTraceFile(
  file: FileHandle,
  name: string,
  { totalsOnly }: OpenFileOptions,
): Promise<TraceFile> {
  const sizeBytes = (await file.stat()).size;
  const readAt = (offset: number, length: number) =>
    readBytes(file, offset, Math.min(length, sizeBytes - offset));
  const headerFrame = await findHeaderFrame(readAt, name);
  const header = readHeaderFrame(headerFrame, name);
  const loaded = totalsOnly
    ? await loadTotals(readAt, sizeBytes, headerFrame.length, name)
    : await loadIndex(readAt, sizeBytes, headerFrame.length);
  const layout = { name, sizeBytes, headerBytes: headerFrame.length, header };
  const opened =
    'index' in loaded
      ? {
          index: loaded.index,
          indexSource: 'file' as const,
          warnings: [],
          damaged: [],
          cutBytes: 0,
          isClosed: true,
        }
      : await (await import('./scan-instead.ts')).scanInstead(file, layout, loaded.problem);
  const damaged = (entry: BlockEntry, error: unknown) =>
    damagedBlock(name, { number: opened.index.blocks.indexOf(entry), offset: entry.offset }, error);
  const readFrame = async (entry: BlockEntry) => {
    const frame = await readAt(entry.offset, entry.compressedBytes);
    try {
      checkFrame(frame, entry);
    } catch (error) {
      throw damaged(entry, error);
    }
    return frame;
  };
  const readChecked = async (entry: BlockEntry, check: DecompressThread['check']) => {
    const frame = await readFrame(entry);
    const { claimOf } = await import('../block/check-block.ts');
    try {
      await check(frame, entry.rawBytes, claimOf(entry, header.epochUnixNs, opened.index.totals.ops));
    } catch (error) {
      throw damaged(entry, error);
    }
    return frame;
  };
  const unpackHere = async (entry: BlockEntry): Promise<RawBlock> => {
    const frame = await readFrame(entry);
    try {
      return { bytes: decompressFrame(frame, entry.rawBytes), lease: undefined };
    } catch (error) {
      throw damaged(entry, error);
    }
  };
  const unpackBy = async (unpack: Unpack, entry: BlockEntry): Promise<RawBlock> => {
    const { offset, compressedBytes, rawBytes, records } = entry;
    try {
      return await unpack({ fd: file.fd, offset, compressedBytes, rawBytes }, records);
    } catch (error) {
      if (error instanceof EngramTraceError && error.code === 'io') throw error;
      throw damaged(entry, error);
    }
  };
  const readRaw = (entry: BlockEntry, unpack?: Unpack): Promise<RawBlock> =>
    unpack === undefined ? unpackHere(entry) : unpackBy(unpack, entry);
  const openCursor = async (entry: BlockEntry, raw = readRaw(entry)) => {
    // Opening a file for its index alone needs no decoder of blocks, nor a scan: both are loaded when they are.
    const [{ bytes, lease }, { openBlock }] = await Promise.all([raw, import('../block/block-cursor.ts')]);
    try {
      const cursor = openBlock(bytes, header.epochUnixNs, lease);
      checkCursor(cursor, entry);
      return cursor;
    } catch (error) {
      lease?.giveBack(entry.records);
      throw damaged(entry, error);
    }
  };
  return {
    name,
    header,
    sizeBytes,
    ...opened,
    readFrame,
    readChecked,
    readRaw,
    openBlock: openCursor,
    readBlock: async (entry) => {
      const cursor = await openCursor(entry);
      const number = opened.index.blocks.indexOf(entry);
      return readAll(cursor, (error) =>
        damagedBlock(name, { number, offset: entry.offset, record: cursor.position }, error),
      );
    },
    close: () => file.close(),
  };
}

/** The first frame of a trace file, as far as it is whole; throws where the file is something else. */
export async function findHeaderFrame(readAt: ReadAt, name: string): Promise<Uint8Array> {
  let head = await readAt(0, SNIFF_BYTES);
  if ((await unpackHead(chunksOf(head, readAt), name)) !== 'trace file') {
    throw new EngramTraceError('not_a_trace', 'it is something else, and this needs a trace file', {
      where: name,
      hint: 'Turn a trace of another form into one first: engram-trace convert.',
    });
  }
  for (;;) {
    const span = frameSpan(head);
    if (span.kind === 'data') return head.subarray(0, span.sizeBytes);
    if (span.kind !== 'incomplete' || head.length < SNIFF_BYTES || span.atLeastBytes > MAX_HEADER_BYTES)
      return head;
    const longer = await readAt(0, Math.max(span.atLeastBytes, head.length * 2));
    if (longer.length <= head.length) return head;
    head = longer;
  }
}

async function* chunksOf(head: Uint8Array, readAt: ReadAt): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let chunk = head; chunk.length > 0; chunk = await readAt(offset, SNIFF_BYTES)) {
    offset += chunk.length;
    yield chunk;
  }
}

function checkCursor(cursor: BlockCursor, entry: BlockEntry): void {
  if (cursor.records !== entry.records) {
    throw new MalformedError(`it holds ${cursor.records} records, the index says ${entry.records}`);
  }
  const { current } = cursor;
  if (current && current.startNs !== entry.firstStartNs) {
    throw new MalformedError(`it starts at ${current.startNs} ns, the index says ${entry.firstStartNs}`);
  }
}

function readAll(cursor: BlockCursor, wrap: (error: unknown) => EngramTraceError): TraceRecord[] {
  const records: TraceRecord[] = [];
  try {
    for (let record = cursor.current; record; record = cursor.current) {
      records.push(record);
      cursor.advance();
    }
  } catch (error) {
    throw wrap(error);
  }
  return records;
}
