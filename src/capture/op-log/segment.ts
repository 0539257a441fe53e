import type { EncodedBlock } from '../../trace/block/block-builder.ts';
import { addLoss, emptyLoss, type Loss, type TraceHeader } from '../../trace/record/record.ts';
import { createFrameWriter } from '../../trace/write/frame-writer.ts';
import type { SegmentFile, SegmentFs } from '../disk/segment-fs.ts';

/** One file of an op log while it is written. Calls must not overlap. */
export interface OpenSegment {
  readonly name: string;
  readonly openedNs: number;
  readonly blocks: number;
  readonly bytesWritten: number;
  /** Writes a block, or throws; then what was there before is as it was, if `cutBack` can be done. */
  append(block: EncodedBlock): Promise<void>;
  /** Takes off what a failed write left behind the last whole block. */
  cutBack(): Promise<void>;
  /** Finds what somebody did to the file; undefined while it is as it was left. */
  findDamage(): Promise<SegmentDamage | undefined>;
  /** Writes the index. When that fails, the blocks stay whole. */
  finish(nowNs: number): Promise<void>;
  /** Closes the file as it is. */
  close(): Promise<void>;
}

export interface SegmentDamage {
  /** The records that were written and are no longer in the log. */
  readonly loss: Loss;
  /** The file was cut; otherwise it was removed, moved or replaced, and is whole wherever it may be. */
  readonly isCut: boolean;
}

/**
 * Level of zstd, chosen for the CPU of the host whose traffic it is. Against the default level, embeddings become as small
 * for half of the CPU, and texts an eighth larger for three quarters of it.
 */
const LEVEL = 1;

/** A segment whose header is written. Throws what stands in the way, and leaves no file then. */
export async function startSegment(fs: SegmentFs, name: string, header: TraceHeader): Promise<OpenSegment> {
  const file = await fs.create(name);
  const frames = createFrameWriter(sinkOf(file), header, { level: LEVEL });
  try {
    await frames.begin();
  } catch (thrown) {
    await quietly(() => file.close());
    await quietly(() => fs.remove(name)); // not even the header fits
    throw thrown;
  }
  const parts: Part[] = [{ endBytes: frames.bytesWritten, loss: header.loss }];
  return {
    name,
    openedNs: header.openedNs,
    get blocks() {
      return frames.blocks;
    },
    get bytesWritten() {
      return frames.bytesWritten;
    },
    async append(block) {
      await frames.append(block);
      const recordsDropped = block.loss.recordsDropped + block.records;
      parts.push({ endBytes: frames.bytesWritten, loss: { ...block.loss, recordsDropped } });
    },
    async cutBack() {
      const { sizeBytes } = await file.look();
      if (sizeBytes > frames.bytesWritten) await file.truncate(frames.bytesWritten); // never longer: that adds zeros
    },
    async findDamage() {
      const { isInPlace, sizeBytes } = await file.look();
      const isCut = sizeBytes < frames.bytesWritten;
      if (isInPlace && !isCut) return undefined;
      if (isCut) await quietly(() => file.truncate(endOfWhole(parts, sizeBytes)));
      return { loss: lossBehind(parts, isInPlace ? sizeBytes : 0), isCut };
    },
    async finish(nowNs) {
      const blocksEnd = frames.bytesWritten;
      try {
        await frames.finish(nowNs);
      } catch (thrown) {
        await quietly(() => file.truncate(blocksEnd)); // whole blocks, readable without an index
        throw thrown;
      }
    },
    async close() {
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

/** Header or block, where it ends, and what is lost with it: its records, and the losses it tells of. */
interface Part {
  readonly endBytes: number;
  readonly loss: Loss;
}

function lossBehind(parts: readonly Part[], sizeBytes: number): Loss {
  const lost = emptyLoss();
  for (const { endBytes, loss } of parts) if (endBytes > sizeBytes) addLoss(lost, loss);
  return lost;
}

function endOfWhole(parts: readonly Part[], sizeBytes: number): number {
  return parts.reduce((end, { endBytes }) => (endBytes <= sizeBytes ? endBytes : end), 0);
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
