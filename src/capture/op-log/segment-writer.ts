import type { EncodedBlock } from '../../trace/block/block-builder.ts';
import { addLoss, emptyLoss, hasLoss, type Loss, type TraceHeader } from '../../trace/record/record.ts';
import { FILE_WAS_CUT, type SegmentFs } from '../disk/segment-fs.ts';
import { createLossFile, type EndedRun, endRun, removeIfThere } from './loss-file.ts';
import { planRetention, type RetentionLimits } from './retention.ts';
import { epochNsAt, nsSince } from './run-epoch.ts';
import { type OpenSegment, startSegment } from './segment.ts';
import { segmentName } from './segment-name.ts';
import { emptySegmentStats, type SegmentStats } from './segment-stats.ts';

export interface SegmentOptions {
  /** Header of every segment, but for when it was opened and what was lost before. */
  readonly header: TraceHeader;
  readonly maxAgeNs: number;
  readonly maxBytes: number;
  readonly retention: RetentionLimits;
  /** Number of the first segment. */
  readonly firstNumber: number;
  /** Losses the first segment has to tell of. */
  readonly untold?: Loss | undefined;
  /** Runs from the same epoch that ended without closing their files. */
  readonly ended?: readonly EndedRun[] | undefined;
}

/**
 * Writes blocks into segments. Calls must not overlap. Times in ns from the header's epoch. `untold` is what the
 * caller has lost and put into no block so far.
 */
export interface SegmentWriter {
  readonly stats: Readonly<SegmentStats>;
  /** Opens the first segment; throws what stands in the way. */
  open(nowNs: number): Promise<void>;
  /** False: the disk did not take the block. What was there before is untouched, and the next one may be tried. */
  write(block: EncodedBlock, nowNs: number): Promise<boolean>;
  /** Time goes on: looks after the files, and rotates a segment that is old enough. */
  tick(nowNs: number, untold: Loss): Promise<void>;
  finish(nowNs: number, untold: Loss): Promise<void>;
}

/** The open file is looked after this often while no block comes, and before each block. */
const LOOK_NS = 1e9;
const MAX_NOTES = 16;

/** Segments in the folder `fs`. Survives a disk that is full or broken: what it can't write, it says. */
export function createSegmentWriter(fs: SegmentFs, options: SegmentOptions): SegmentWriter {
  return new Writer(fs, options);
}

class Writer implements SegmentWriter {
  readonly stats: SegmentStats;
  readonly #fs: SegmentFs;
  readonly #options: SegmentOptions;
  readonly #lossFile: ReturnType<typeof createLossFile>;
  #current: OpenSegment | undefined;
  /** That of the current segment, in ns from the run's. */
  #epochNs = 0;
  #number: number;
  #lookedNs = Number.NEGATIVE_INFINITY;
  /** The notes for the header of the next segment. */
  #notes: string[] = [];
  /** Runs whose end is still to be written down. */
  #ended: readonly EndedRun[];

  constructor(fs: SegmentFs, options: SegmentOptions) {
    this.#fs = fs;
    this.#options = options;
    this.#number = options.firstNumber;
    this.#ended = options.ended ?? [];
    this.#lossFile = createLossFile(fs, options.header);
    this.stats = emptySegmentStats();
    addLoss(this.stats.untold, options.untold ?? emptyLoss());
  }

  async open(nowNs: number): Promise<void> {
    await this.#endRuns();
    await this.#openSegment(nowNs);
    await this.#keepLosses(emptyLoss(), nowNs);
    await this.#applyRetention(nowNs);
  }

  async write(block: EncodedBlock, nowNs: number): Promise<boolean> {
    await this.#leaveVanished(nowNs); // a block put into a file that is gone would be lost with it
    try {
      await this.#append(block, nowNs);
      this.stats.blocks++;
    } catch (thrown) {
      this.#failed(thrown);
      this.stats.blocksLost++;
      await this.#cutBack();
      return false;
    }
    await this.#rotate(nowNs);
    return true;
  }

  async #append(block: EncodedBlock, nowNs: number): Promise<void> {
    const epochNs = Number(block.epochUnixNs - this.#options.header.epochUnixNs);
    const segment = await this.#openSegment(nowNs, epochNs);
    try {
      await segment.append(block);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== FILE_WAS_CUT) throw thrown;
      await this.#leaveVanished(nowNs);
      await (await this.#openSegment(nowNs, epochNs)).append(block);
    }
  }

  async tick(nowNs: number, untold: Loss): Promise<void> {
    if (nowNs - this.#lookedNs >= LOOK_NS) {
      await this.#leaveVanished(nowNs);
      await this.#endRuns();
      await this.#openSegment(nowNs).catch(this.#failed); // what is untold is told at once
      await this.#keepLosses(untold, nowNs);
    }
    await this.#rotate(nowNs);
  }

  async finish(nowNs: number, untold: Loss): Promise<void> {
    await this.#leaveVanished(nowNs);
    await this.#endRuns();
    if (hasLoss(this.stats.untold)) await this.#openSegment(nowNs).catch(this.#failed);
    const isIndexed = await this.#closeSegment(nowNs);
    await this.#applyRetention(nowNs);
    const lost = addLoss(addLoss(emptyLoss(), untold), this.stats.untold);
    try {
      await this.#lossFile.end(lost, nowNs);
      this.stats.lossFile = hasLoss(lost) ? this.#lossFile.name : '';
      this.stats.isClosed = isIndexed && !hasLoss(lost);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #failed = (thrown: unknown): void => {
    this.stats.lastError = thrown instanceof Error ? thrown.message : String(thrown);
  };

  /** `epochNs`: what its times count from, which is what those of its blocks do. */
  async #openSegment(nowNs: number, epochNs = epochNsAt(nowNs)): Promise<OpenSegment> {
    if (this.#current !== undefined && epochNs === this.#epochNs) return this.#current;
    await this.#closeSegment(nowNs);
    this.#epochNs = epochNs;
    const { header } = this.#options;
    const name = segmentName(this.#unixMs(nowNs), header.runId, this.#number);
    const loss = addLoss(addLoss(emptyLoss(), header.loss), this.stats.untold);
    const notes = [...header.notes, ...this.#notes];
    const epochUnixNs = header.epochUnixNs + BigInt(epochNs);
    const openedNs = nsSince(epochNs, nowNs);
    this.#current = await startSegment(this.#fs, name, { ...header, epochUnixNs, openedNs, loss, notes });
    this.#number++; // a number left out would read as a segment lost
    this.#notes = [];
    this.stats.untold = emptyLoss();
    this.stats.segments++;
    return this.#current;
  }

  /** Goes on in another file when somebody took the open one away, or cut it: what was in it counts as lost. */
  async #leaveVanished(nowNs: number): Promise<void> {
    this.#lookedNs = nowNs;
    const segment = this.#current;
    if (segment === undefined) return;
    try {
      const damage = await segment.findDamage();
      if (damage === undefined) return;
      addLoss(this.stats.untold, damage.loss);
      this.stats.vanished++;
      this.stats.recordsVanished += damage.loss.recordsDropped;
      if (damage.isCut) await this.#leave(segment);
      else await this.#closeSegment(nowNs); // whole where it was moved to
      this.#failed(`${segment.name} was removed, moved or cut while it was written`);
    } catch (thrown) {
      this.#failed(thrown);
      await this.#leave(segment);
    }
  }

  /** The file stays as it is, without an index. */
  async #leave(segment: OpenSegment): Promise<void> {
    this.#current = undefined;
    this.stats.unindexed++;
    this.stats.bytesWritten += segment.bytesWritten;
    await segment.close().catch(this.#failed);
  }

  async #cutBack(): Promise<void> {
    const segment = this.#current;
    if (segment === undefined) return;
    try {
      await segment.cutBack();
    } catch (thrown) {
      this.#failed(thrown);
      await this.#leave(segment);
    }
  }

  /** False when the segment is not whole: without its index, or not sure to be on the disk. */
  async #closeSegment(nowNs: number): Promise<boolean> {
    const segment = this.#current;
    if (segment === undefined) return true;
    this.#current = undefined;
    let isWhole = true;
    try {
      await segment.finish(nsSince(this.#epochNs, nowNs));
    } catch (thrown) {
      this.#failed(thrown);
      this.stats.unindexed++;
      isWhole = false;
    }
    this.stats.bytesWritten += segment.bytesWritten;
    return (await this.#closeFile(segment)) && isWhole;
  }

  /** Closes a file. A disk may still refuse, over a network or for a quota, what it took before. */
  async #closeFile(segment: OpenSegment): Promise<boolean> {
    try {
      await segment.close();
      return true;
    } catch (thrown) {
      this.#failed(thrown);
      const note = `segment ${segment.name} may lack records: the disk failed when it was closed (${this.stats.lastError})`;
      this.#notes = [...this.#notes, note].slice(-MAX_NOTES);
      return false;
    }
  }

  async #rotate(nowNs: number): Promise<void> {
    if (this.#current === undefined) return;
    const { blocks, bytesWritten, openedNs } = this.#current;
    const isOld = nowNs - this.#epochNs - openedNs >= this.#options.maxAgeNs;
    const isLarge = bytesWritten >= this.#options.maxBytes;
    if (blocks === 0 || !(isOld || isLarge)) return; // the header alone may be larger than a segment may be
    await this.#closeSegment(nowNs);
    await this.#applyRetention(nowNs);
    await this.#openSegment(nowNs).catch(this.#failed); // tried again with the next block
  }

  async #applyRetention(nowNs: number): Promise<void> {
    const { retention } = this.#options;
    if (retention.maxAgeMs === undefined && retention.maxTotalBytes === undefined) return;
    const open = [this.#lossFile.name, this.#current?.name];
    try {
      for (const name of planRetention(await this.#fs.list(), retention, open, this.#unixMs(nowNs))) {
        if (await removeIfThere(this.#fs, name)) this.stats.removed++;
      }
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Those that the disk does not take are tried again. */
  async #endRuns(): Promise<void> {
    const left: EndedRun[] = [];
    for (const run of this.#ended) {
      try {
        await endRun(this.#fs, this.#options.header.epochUnixNs, run);
      } catch (thrown) {
        this.#failed(thrown);
        left.push(run);
      }
    }
    this.#ended = left;
  }

  async #keepLosses(untold: Loss, nowNs: number): Promise<void> {
    try {
      await this.#lossFile.keep(addLoss(addLoss(emptyLoss(), untold), this.stats.untold), nowNs);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #unixMs(nowNs: number): number {
    return Number((this.#options.header.epochUnixNs + BigInt(Math.round(nowNs))) / 1_000_000n);
  }
}
