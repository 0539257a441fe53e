import { EngramTraceError } from '../../error.ts';
import { Loss as WireLoss } from '../../gen/engram/trace/v1/trace.ts';
import { type ByteWriter, createByteWriter, varintSize } from '../bytes/byte-writer.ts';
import { MAX_BLOCK_BYTES } from '../frames/block-limits.ts';
import { addLoss, emptyLoss, hasLoss, type Loss, type TraceRecord } from '../record/record.ts';
import { createStatsBuilder } from '../stats/stats-builder.ts';
import { lossToWire } from './header-encoder.ts';
import { encodeRecord, TAG } from './record-encoder.ts';
import { createStringTable } from './string-table.ts';

/** A finished block before compression. Plain data: it can be posted to a worker, `raw.buffer` transferred. */
export interface EncodedBlock {
  /** Length and Block message, at most MAX_BLOCK_BYTES, in a buffer of its own. */
  raw: Uint8Array<ArrayBuffer>;
  epochUnixNs: bigint;
  records: number;
  /** ns from `epochUnixNs`; both `closedNs` where there is no record. */
  firstStartNs: number;
  lastStartNs: number;
  closedNs: number;
  loss: Loss;
  opCounts: [op: string, count: number][];
  /** A BlockStats message. */
  stats: Uint8Array;
}

/** Collects records into one block. Each is encoded when it is added: nothing holds on to its body. */
export interface BlockBuilder {
  /** In any order. Throws `bad_record` for numbers the format can't hold; the block is then as before. */
  add(record: TraceRecord): void;
  addLoss(loss: Loss): void;
  readonly records: number;
  /** Estimate of the raw size so far. */
  readonly sizeBytes: number;
  /** How many bytes it takes in memory, about; many short strings take more than they do in the block. */
  readonly heldBytes: number;
  /** ns from the epoch; 0 while there is no record. */
  readonly firstStartNs: number;
  readonly lastStartNs: number;
  /** Has neither records nor losses. */
  readonly isEmpty: boolean;
  /** Sorts and frames what was added; the builder is empty afterwards and can be used again. */
  close(closedNs: number): EncodedBlock;
}

const MAX_RECORD_BYTES = MAX_BLOCK_BYTES / 2;
const LENGTH_ROOM = 5;
/** For the length and the times; losses may take more. */
const HEAD_ROOM = 128;
/** In memory: two numbers, in lists that grow by halves. */
const HELD_RECORD_BYTES = 48;
const RECORD_OVERHEAD = 1 + LENGTH_ROOM + 1 + 8;
const BLOCK_TAG = { epoch: 8, base: 16, closed: 24, loss: 50, record: 58 } as const;

/** `epochUnixNs`: what the starts of the records count from. */
export function createBlockBuilder(epochUnixNs: bigint): BlockBuilder {
  const strings = createStringTable();
  const bodies = createByteWriter(64 * 1024);
  let stats = createStatsBuilder(epochUnixNs);
  let starts: number[] = [];
  let ends: number[] = [];
  let loss = emptyLoss();
  let firstStartNs = 0;
  let lastStartNs = 0;

  const reset = () => {
    strings.clear();
    bodies.clear();
    stats = createStatsBuilder(epochUnixNs);
    starts = [];
    ends = [];
    loss = emptyLoss();
    firstStartNs = 0;
    lastStartNs = 0;
  };
  return {
    add(record) {
      checkRecord(record, starts.length === 0 ? record.startNs : firstStartNs);
      const mark = bodies.sizeBytes;
      try {
        encodeRecord(record, strings, bodies);
      } catch (error) {
        bodies.truncate(mark);
        throw error;
      }
      if (starts.length === 0 || record.startNs < firstStartNs) firstStartNs = record.startNs;
      if (starts.length === 0 || record.startNs > lastStartNs) lastStartNs = record.startNs;
      starts.push(record.startNs);
      ends.push(bodies.sizeBytes);
      stats.add(record);
    },
    addLoss: (more) => void addLoss(loss, more),
    get records() {
      return starts.length;
    },
    get sizeBytes() {
      return strings.sizeBytes + bodies.sizeBytes + starts.length * 8;
    },
    get heldBytes() {
      return bodies.sizeBytes + strings.heldBytes + starts.length * HELD_RECORD_BYTES + stats.heldBytes;
    },
    get firstStartNs() {
      return firstStartNs;
    },
    get lastStartNs() {
      return lastStartNs;
    },
    get isEmpty() {
      return starts.length === 0 && !hasLoss(loss);
    },
    close(closedNs) {
      const empty = starts.length === 0;
      const baseNs = empty ? closedNs : firstStartNs;
      const sorted = sortStarts(starts);
      const room = HEAD_ROOM + strings.sizeBytes + bodies.sizeBytes + starts.length * RECORD_OVERHEAD;
      const out = createByteWriter(room);
      writeHead(out, epochUnixNs, baseNs, closedNs, loss);
      strings.write(out);
      writeRecords(out, bodies, ends, sorted, baseNs);
      const block: EncodedBlock = {
        raw: withLength(out),
        epochUnixNs,
        records: starts.length,
        firstStartNs: baseNs,
        lastStartNs: empty ? closedNs : lastStartNs,
        closedNs,
        loss,
        opCounts: stats.opCounts,
        stats: stats.close(sorted.starts),
      };
      reset();
      return block;
    },
  };
}

function checkRecord(record: TraceRecord, firstStartNs: number): void {
  if (!Number.isSafeInteger(record.startNs) || !Number.isSafeInteger(record.startNs - firstStartNs)) {
    throw new EngramTraceError(
      'bad_record',
      `start ${record.startNs} is no integer of ns, or farther than 104 days from others`,
    );
  }
  let dataBytes = record.body.length + (record.outcome.response?.length ?? 0) + record.path.length;
  for (const message of record.stream?.messages ?? []) dataBytes += message.data.length;
  if (dataBytes > MAX_RECORD_BYTES) {
    throw new EngramTraceError(
      'bad_record',
      `a record of ${dataBytes} bytes; the format ends at ${MAX_RECORD_BYTES}`,
    );
  }
}

/** Leaves room for the length in front. */
function writeHead(
  head: ByteWriter,
  epochUnixNs: bigint,
  baseNs: number,
  closedNs: number,
  loss: Loss,
): void {
  for (let i = 0; i < LENGTH_ROOM; i++) head.varint(0);
  head.varint(BLOCK_TAG.epoch);
  head.int64(epochUnixNs);
  head.varint(BLOCK_TAG.base);
  head.int64(BigInt(baseNs));
  head.varint(BLOCK_TAG.closed);
  head.int64(BigInt(closedNs));
  if (hasLoss(loss)) {
    head.varint(BLOCK_TAG.loss);
    head.bytes(WireLoss.encode(lossToWire(loss)).finish());
  }
}

interface SortedStarts {
  starts: ArrayLike<number>;
  /** Position in the order of arrival; undefined when that was sorted already. */
  order: Uint32Array | undefined;
}

function sortStarts(starts: readonly number[]): SortedStarts {
  if (starts.every((start, i) => i === 0 || start >= (starts[i - 1] ?? start)))
    return { starts, order: undefined };
  return sortByKeys(starts) ?? sortByComparing(starts);
}

/**
 * Sorts numbers that hold start and position at once, which needs no function to compare them: a seventh of the time, in
 * which capture's traffic waits. Undefined where a number can't hold both, as of starts that are many minutes apart.
 */
function sortByKeys(starts: readonly number[]): SortedStarts | undefined {
  let firstNs = Infinity;
  let lastNs = -Infinity;
  for (const start of starts) {
    if (start < firstNs) firstNs = start;
    if (start > lastNs) lastNs = start;
  }
  const positions = 2 ** Math.ceil(Math.log2(starts.length)); // a power of two divides without a rest
  if ((lastNs - firstNs + 1) * positions > Number.MAX_SAFE_INTEGER) return undefined;
  const keys = Float64Array.from(starts, (start, i) => (start - firstNs) * positions + i).sort();
  const sorted = new Array<number>(keys.length);
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as number;
    const offsetNs = Math.floor(key / positions);
    sorted[i] = firstNs + offsetNs;
    order[i] = key - offsetNs * positions;
  }
  return { starts: sorted, order };
}

function sortByComparing(starts: readonly number[]): SortedStarts {
  const at = (i: number) => starts[i] ?? 0;
  const order = Uint32Array.from(starts, (_, i) => i).sort((a, b) => at(a) - at(b) || a - b);
  return { starts: Array.from(order, at), order };
}

/** Writes the records in order, each with its start as a difference. */
function writeRecords(
  out: ByteWriter,
  bodies: ByteWriter,
  ends: readonly number[],
  { starts, order }: SortedStarts,
  baseNs: number,
): void {
  let previousNs = baseNs;
  for (let i = 0; i < starts.length; i++) {
    const from = order?.[i] ?? i;
    const begin = from === 0 ? 0 : (ends[from - 1] ?? 0);
    const end = ends[from] ?? begin;
    const startNs = starts[i] ?? previousNs;
    const delta = startNs - previousNs;
    previousNs = startNs;
    out.varint(BLOCK_TAG.record);
    out.varint(end - begin + (delta === 0 ? 0 : 1 + varintSize(delta)));
    if (delta > 0) {
      out.varint(TAG.startDelta);
      out.varint(delta);
    }
    out.copy(bodies, begin, end);
  }
}

/** Puts the length in front. */
function withLength(out: ByteWriter): Uint8Array<ArrayBuffer> {
  const size = out.sizeBytes - LENGTH_ROOM;
  if (size + LENGTH_ROOM > MAX_BLOCK_BYTES) {
    throw new EngramTraceError(
      'bad_record',
      `a block of ${size} bytes; the format ends at ${MAX_BLOCK_BYTES}`,
    );
  }
  const begin = LENGTH_ROOM - varintSize(size);
  const end = out.sizeBytes;
  out.writeVarintAt(begin, size);
  return out.view(begin, end);
}
