import { type BlockBuilder, createBlockBuilder } from '../../trace/block/block-builder.ts';
import { addLoss, emptyLoss, hasLoss, type Loss, type TraceRecord } from '../../trace/record/record.ts';
import type { Budget } from '../memory/byte-budget.ts';
import { recordCost } from '../memory/record-cost.ts';
import type { RecordSink } from '../taps/tap.ts';
import type { BlockStore } from './block-store.ts';
import { epochNsAt, nsSince } from './run-epoch.ts';

export interface BlockRecorderOptions {
  readonly epochUnixNs: bigint;
  readonly nowNs: () => number;
  readonly store: BlockStore;
  /** The memory for records that wait for the disk; when it is full they are dropped and counted. */
  readonly budget: Budget;
}

export interface RecorderStats {
  /** Records taken, later losses included. */
  readonly records: number;
  /** Operations that are in no block, or in one that was lost. */
  readonly recordsDropped: number;
  readonly bodiesTruncated: number;
  /** Connections that could not be followed any further, and what clients sent on them from then on. */
  readonly connectionsUnfollowed: number;
  readonly bytesUnfollowed: number;
  /** Why the format did not take a record, for the last one it did not; '' where it took all. */
  readonly lastRefused: string;
  /** Bytes waiting for the disk. */
  readonly pendingBytes: number;
  /** Losses no block could tell of so far. */
  readonly untoldLoss: Loss;
}

/** Turns records into blocks and losses into the ledger. Never waits: what there is no room for is dropped. */
export interface Recorder extends RecordSink {
  readonly stats: RecorderStats;
  /** Writes what is open and closes the store; what the disk has not taken by then is lost. */
  close(diskWaitMs: number): Promise<void>;
}

const MAX_BLOCK_BYTES = 1024 * 1024;
/** Closing a block sorts and copies its records while the traffic waits: this many take about a millisecond. */
const MAX_BLOCK_RECORDS = 2048;
const MAX_BLOCK_AGE_NS = 0.75e9;
/**
 * An operation that took longer than this started long before its neighbours; in a block of its own it does not widen
 * theirs.
 */
const STRAGGLER_NS = 2e9;
const TICK_MS = 100;
/** With so many on their way no block is closed for its age: before a disk that hangs small ones would pile up. */
const MAX_YOUNG_BLOCKS = 8;
const MAX_TOLD_PATH = 200;
/** Records of many short strings hold much more memory than they take in the block. */
const MAX_HELD_BYTES = 4 * MAX_BLOCK_BYTES;

/** Makes a recorder that hands its blocks to a store. */
export function createRecorder(options: BlockRecorderOptions): Recorder {
  return new BlockRecorder(options);
}

interface OpenBlock {
  builder: BlockBuilder;
  /** When its first record came; undefined while it is empty. */
  openedNs: number | undefined;
  /** Taken from the budget for its records. */
  takenBytes: number;
}

class BlockRecorder implements Recorder {
  readonly #options: BlockRecorderOptions;
  readonly #ordinary: OpenBlock;
  readonly #stragglers: OpenBlock;
  readonly #timer: NodeJS.Timeout;
  #putting = new Set<Promise<void>>();
  #pendingBytes = 0;
  #loss = emptyLoss();
  #lossSinceNs: number | undefined;
  #records = 0;
  #dropped = 0;
  #truncated = 0;
  #connectionsUnfollowed = 0;
  #bytesUnfollowed = 0;
  #lastRefused = '';
  #isClosed = false;
  /** What the starts in open blocks count from, in ns from the run's epoch. */
  #epochNs: number;

  constructor(options: BlockRecorderOptions) {
    this.#options = options;
    this.#epochNs = epochNsAt(options.nowNs());
    this.#ordinary = { builder: this.#newBuilder(), openedNs: undefined, takenBytes: 0 };
    this.#stragglers = { builder: this.#newBuilder(), openedNs: undefined, takenBytes: 0 };
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  get stats(): RecorderStats {
    return {
      records: this.#records,
      recordsDropped: this.#dropped,
      bodiesTruncated: this.#truncated,
      connectionsUnfollowed: this.#connectionsUnfollowed,
      bytesUnfollowed: this.#bytesUnfollowed,
      lastRefused: this.#lastRefused,
      pendingBytes: this.#pendingBytes,
      untoldLoss: { ...this.#loss },
    };
  }

  add(record: TraceRecord, truncatedBytes: number): void {
    const open = (record.durationNs ?? 0) > STRAGGLER_NS ? this.#stragglers : this.#ordinary;
    if (this.#isClosed || !this.#encode(open, record)) {
      this.drop(1);
      return;
    }
    this.#records++;
    open.openedNs ??= this.#options.nowNs();
    if (truncatedBytes > 0) {
      this.#truncated++;
      this.#addLoss({ ...emptyLoss(), bodiesTruncated: 1, bodyBytesTruncated: truncatedBytes });
    }
    if (isFull(open.builder)) this.#closeBlock(open);
  }

  drop(count: number): void {
    this.#dropped += count;
    this.#addLoss({ ...emptyLoss(), recordsDropped: count });
  }

  unfollowed(connections: number, bytes: number): void {
    this.#connectionsUnfollowed += connections;
    this.#bytesUnfollowed += bytes;
    // For each chunk of such a connection: no new object.
    this.#loss.connectionsUnfollowed += connections;
    this.#loss.bytesUnfollowed += bytes;
    this.#lossSinceNs ??= this.#options.nowNs();
  }

  async close(diskWaitMs: number): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosed = true;
    const deadline = setTimeout(() => this.#options.store.giveUp(), diskWaitMs);
    this.#closeBlock(this.#ordinary);
    this.#closeBlock(this.#stragglers);
    await Promise.all(this.#putting);
    this.#closeBlock(this.#ordinary); // what was lost by the last blocks
    await Promise.all(this.#putting);
    await this.#options.store.close(this.#options.nowNs(), { ...this.#loss });
    clearTimeout(deadline);
  }

  /** Takes what the record may cost, then gives back what it did not: mostly it shares its strings with others. */
  #encode(open: OpenBlock, record: TraceRecord): boolean {
    const { budget } = this.#options;
    const costBytes = recordCost(record);
    this.#moveEpoch(record.startNs);
    if (!budget.take('record', costBytes)) return false;
    const before = open.builder.heldBytes;
    const isTaken = this.#tryAdd(open.builder, record);
    const takenBytes = Math.min(costBytes, open.builder.heldBytes - before);
    open.takenBytes += takenBytes;
    budget.give(costBytes - takenBytes);
    return isTaken;
  }

  /** False for what the format can't hold: a body of hundreds of MiB, a number beyond 2^53. */
  #tryAdd(builder: BlockBuilder, record: TraceRecord): boolean {
    try {
      record.startNs -= this.#epochNs;
      builder.add(record);
      return true;
    } catch (thrown) {
      const { method, path } = record;
      this.#lastRefused = `${method} ${path.slice(0, MAX_TOLD_PATH)}: ${(thrown as Error).message}`;
      return false;
    }
  }

  #newBuilder(): BlockBuilder {
    return createBlockBuilder(this.#options.epochUnixNs + BigInt(this.#epochNs));
  }

  /** Closes what is open, and goes on with times from a later epoch, where `nowNs` is far enough from the old one. */
  #moveEpoch(nowNs: number): void {
    const epochNs = epochNsAt(nowNs);
    if (epochNs <= this.#epochNs) return;
    for (const open of [this.#ordinary, this.#stragglers]) this.#closeBlock(open);
    this.#epochNs = epochNs;
    for (const open of [this.#ordinary, this.#stragglers]) open.builder = this.#newBuilder();
  }

  #addLoss(loss: Loss): void {
    addLoss(this.#loss, loss);
    this.#lossSinceNs ??= this.#options.nowNs();
  }

  #tick(): void {
    const nowNs = this.#options.nowNs();
    this.#moveEpoch(nowNs);
    const isDue = (sinceNs: number | undefined): boolean =>
      sinceNs !== undefined && nowNs - sinceNs >= MAX_BLOCK_AGE_NS;
    if (this.#putting.size < MAX_YOUNG_BLOCKS) {
      if (isDue(this.#stragglers.openedNs)) this.#closeBlock(this.#stragglers);
      if (isDue(this.#ordinary.openedNs) || isDue(this.#lossSinceNs)) this.#closeBlock(this.#ordinary);
    }
    this.#options.store.tick(nowNs, this.#loss);
  }

  #closeBlock(open: OpenBlock): void {
    if (hasLoss(this.#loss)) open.builder.addLoss(this.#loss);
    this.#loss = emptyLoss();
    this.#lossSinceNs = undefined;
    open.openedNs = undefined;
    if (open.builder.isEmpty) return;
    const { nowNs: now, budget } = this.#options;
    const nowNs = now();
    const block = open.builder.close(nsSince(this.#epochNs, nowNs));
    const { records, loss } = block;
    const bytes = block.raw.length;
    const takenBytes = Math.min(open.takenBytes, bytes);
    budget.give(open.takenBytes - takenBytes);
    open.takenBytes = 0;
    this.#pendingBytes += bytes;
    const settle = (written: boolean): void => {
      this.#pendingBytes -= bytes;
      budget.give(takenBytes);
      this.#putting.delete(putting);
      if (written) return;
      this.#dropped += records;
      this.#addLoss({ ...loss, recordsDropped: loss.recordsDropped + records });
    };
    const putting = this.#options.store.put(block, nowNs).then(settle, () => settle(false));
    this.#putting.add(putting);
  }
}

function isFull({ sizeBytes, records, heldBytes }: BlockBuilder): boolean {
  return sizeBytes >= MAX_BLOCK_BYTES || records >= MAX_BLOCK_RECORDS || heldBytes >= MAX_HELD_BYTES;
}
