import type { EncodedBlock } from '../trace/block-builder.ts';
import { createFrameWriter, type FrameWriter } from '../trace/frame-writer.ts';
import type { TraceHeader } from '../trace/record.ts';
import { planRetention, type RetentionLimits } from './retention.ts';
import type { SegmentFile, SegmentFs } from './segment-fs.ts';
import { segmentName } from './segment-name.ts';

export interface SegmentOptions {
  /** Header of every segment, but for when it was opened. */
  readonly header: TraceHeader;
  readonly maxAgeNs: number;
  readonly maxBytes: number;
  readonly retention: RetentionLimits;
  /** Number of the first segment. */
  readonly firstNumber: number;
}

/** What has become of the blocks. */
export interface SegmentStats {
  segments: number;
  blocks: number;
  bytesWritten: number;
  /** Blocks the disk did not take. */
  blocksLost: number;
  /** Segments closed without an index, for want of space. */
  unindexed: number;
  removed: number;
  /** The last thing that went wrong. */
  lastError: string;
}

/** Writes blocks into segments. Calls must not overlap. Times in ns from the header's epoch. */
export interface SegmentWriter {
  readonly stats: Readonly<SegmentStats>;
  /** Opens the first segment; throws what stands in the way. */
  open(nowNs: number): Promise<void>;
  /** False: the disk did not take the block. What was there before is untouched, and the next one may be tried. */
  write(block: EncodedBlock, nowNs: number): Promise<boolean>;
  /** Time goes on: rotates a segment that is old enough. */
  tick(nowNs: number): Promise<void>;
  finish(nowNs: number): Promise<void>;
}

interface OpenSegment {
  readonly name: string;
  readonly openedNs: number;
  readonly file: SegmentFile;
  readonly frames: FrameWriter;
}

/** Segments in the folder `fs`. Survives a disk that is full or broken: what it can't write, it says. */
export function createSegmentWriter(fs: SegmentFs, options: SegmentOptions): SegmentWriter {
  const { header } = options;
  const stats: SegmentStats = {
    segments: 0,
    blocks: 0,
    bytesWritten: 0,
    blocksLost: 0,
    unindexed: 0,
    removed: 0,
    lastError: '',
  };
  let current: OpenSegment | undefined;
  let number = options.firstNumber;

  const unixMs = (nowNs: number): number =>
    Number((header.epochUnixNs + BigInt(Math.round(nowNs))) / 1_000_000n);
  const failed = (thrown: unknown): void => {
    stats.lastError = thrown instanceof Error ? thrown.message : String(thrown);
  };

  const openSegment = async (nowNs: number): Promise<OpenSegment> => {
    if (current !== undefined) return current;
    const name = segmentName(unixMs(nowNs), header.runId, number);
    const file = await fs.create(name);

    const frames = createFrameWriter(sinkOf(file), { ...header, openedNs: nowNs });
    try {
      await frames.begin();
    } catch (thrown) {
      await quietly(() => file.close());
      await quietly(() => fs.remove(name)); // not even the header fits
      throw thrown;
    }
    number++; // a number left out would read as a segment lost
    stats.segments++;
    current = { name, openedNs: nowNs, file, frames };
    return current;
  };

  /** Takes back what a failed write left behind the last whole frame. */
  const cutBack = async ({ file, frames }: OpenSegment): Promise<void> => {
    try {
      await file.truncate(frames.bytesWritten);
    } catch (thrown) {
      failed(thrown);
      current = undefined;
      stats.unindexed++;
      await quietly(() => file.close());
    }
  };

  const closeSegment = async (nowNs: number): Promise<void> => {
    const segment = current;
    if (segment === undefined) return;
    current = undefined;
    const blocksEnd = segment.frames.bytesWritten;
    try {
      await segment.frames.finish(nowNs);
    } catch (thrown) {
      failed(thrown);
      stats.unindexed++;
      await quietly(() => segment.file.truncate(blocksEnd)); // whole blocks, readable without an index
    }
    await quietly(() => segment.file.sync());
    await quietly(() => segment.file.close());
    stats.bytesWritten += segment.frames.bytesWritten;
  };

  const applyRetention = async (nowNs: number): Promise<void> => {
    const { maxAgeMs, maxTotalBytes } = options.retention;
    if (maxAgeMs === undefined && maxTotalBytes === undefined) return;
    try {
      for (const name of planRetention(await fs.list(), options.retention, current?.name, unixMs(nowNs))) {
        await fs.remove(name);
        stats.removed++;
      }
    } catch (thrown) {
      failed(thrown);
    }
  };

  const rotate = async (nowNs: number): Promise<void> => {
    if (current === undefined) return;
    const { frames, openedNs } = current;
    const isOld = frames.blocks > 0 && nowNs - openedNs >= options.maxAgeNs;
    if (!isOld && frames.bytesWritten < options.maxBytes) return;
    await closeSegment(nowNs);
    await applyRetention(nowNs);
    await openSegment(nowNs).catch(failed); // tried again with the next block
  };

  return {
    stats,
    async open(nowNs) {
      await openSegment(nowNs);
      await applyRetention(nowNs);
    },
    async write(block, nowNs) {
      try {
        const segment = await openSegment(nowNs);
        await segment.frames.append(block);
        stats.blocks++;
      } catch (thrown) {
        failed(thrown);
        stats.blocksLost++;
        if (current !== undefined) await cutBack(current);
        return false;
      }
      await rotate(nowNs);
      return true;
    },
    tick: rotate,
    async finish(nowNs) {
      await closeSegment(nowNs);
      await applyRetention(nowNs);
    },
  };
}

/** Frames one after the other; a write that fails leaves the position where it was. */
function sinkOf(file: SegmentFile): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> } {
  let position = 0;
  return {
    async write(bytes) {
      await file.write(bytes, position);
      position += bytes.length;
    },
    close: async () => {},
  };
}

async function quietly(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch {
    // Nothing more can be done about this file.
  }
}
