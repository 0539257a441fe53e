import { DOUBLE_ZERO } from '../../stable-shapes.ts';
import { MalformedError, WireReader } from '../bytes/wire-reader.ts';
import { emptyLoss, type HeaderList, type Loss, NO_HEADERS, type TraceRecord } from '../record/record.ts';
import type { BlockLease } from './block-lease.ts';
import { readLoss } from './header-decoder.ts';
import { type BlockTables, decodeRecord } from './record-decoder.ts';
import type { EncodedRecords } from './record-spans.ts';

/** A decompressed block, decoded record by record: most of it stays bytes while other blocks are in turn. */
export interface BlockCursor extends EncodedRecords {
  /** All times in ns from the header's epoch. */
  readonly firstStartNs: number;
  readonly closedNs: number;
  readonly records: number;
  readonly loss: Loss;
  readonly rawBytes: number;
  /** The block's own epoch. */
  readonly epochUnixNs: bigint;
  /** The record in turn; undefined behind the last. */
  readonly current: TraceRecord | undefined;
  /** First byte of the record in turn, and the first behind it. */
  readonly at: number;
  readonly end: number;
  /** Records passed. */
  readonly position: number;
  /** Start of the record decoded last. */
  readonly decodedNs: number;
  advance(): void;
}

const RECORD_TAG = (7 << 3) | 2;

/**
 * Opens what one frame holds: a length and a Block message. `epochUnixNs` is the header's epoch (without it, the
 * block's own is taken); `lease` is that of the bytes.
 * This and `advance` throw a MalformedError where the bytes are no block.
 */
export function openBlock(raw: Uint8Array, epochUnixNs?: bigint, lease?: BlockLease): BlockCursor {
  const reader = new WireReader(raw);
  if (reader.nested() !== raw.length) throw new MalformedError('the frame does not hold exactly one message');
  const head = readHead(reader);
  const shiftNs = toSafeShift(head.epochUnixNs - (epochUnixNs ?? head.epochUnixNs));
  return new Cursor(reader, head, shiftNs, lease);
}

interface BlockHead extends BlockTables {
  epochUnixNs: bigint;
  baseNs: number;
  closedNs: number;
  loss: Loss;
  records: number;
  firstRecordAt: number;
}

class Cursor implements BlockCursor {
  readonly firstStartNs: number;
  readonly closedNs: number;
  readonly records: number;
  readonly loss: Loss;
  readonly rawBytes: number;
  readonly epochUnixNs: bigint;
  current: TraceRecord | undefined;
  position = -1;
  at = 0;
  end = 0;
  readonly bytes: Uint8Array;
  readonly tables: BlockTables;
  readonly lease: BlockLease | undefined;
  private readonly reader: WireReader;
  decodedNs: number;

  constructor(reader: WireReader, head: BlockHead, shiftNs: number, lease: BlockLease | undefined) {
    this.reader = reader;
    this.bytes = reader.bytes;
    this.lease = lease;
    this.tables = { strings: head.strings, headerSets: head.headerSets };
    this.firstStartNs = head.baseNs + shiftNs;
    this.decodedNs = this.firstStartNs;
    this.closedNs = head.closedNs + shiftNs;
    this.records = head.records;
    this.loss = head.loss;
    this.rawBytes = reader.bytes.length;
    this.epochUnixNs = head.epochUnixNs;
    reader.pos = head.firstRecordAt;
    this.advance();
  }

  advance(): void {
    const { reader } = this;
    this.position++;
    this.current = undefined;
    while (reader.pos < reader.end) {
      const tag = reader.varint();
      if (tag === RECORD_TAG) {
        this.end = reader.nested();
        this.at = reader.pos;
        this.current = decodeRecord(reader, this.end, this.decodedNs, this.tables);
        this.decodedNs = this.current.startNs;
        return;
      }
      reader.skip(tag);
    }
  }
}

/** Reads everything but the records, which it only counts. */
function readHead(reader: WireReader): BlockHead {
  const strings: string[] = [];
  const sets: number[][] = [];
  const head = {
    epochUnixNs: 0n,
    baseNs: DOUBLE_ZERO,
    closedNs: DOUBLE_ZERO,
    loss: emptyLoss(),
    records: 0,
    firstRecordAt: reader.end,
  };
  while (reader.pos < reader.end) {
    const at = reader.pos;
    const tag = reader.varint();
    if (tag === RECORD_TAG) {
      if (head.records++ === 0) head.firstRecordAt = at;
      reader.skip(tag);
    } else if (tag === 8) head.epochUnixNs = reader.int64();
    else if (tag === 16) head.baseNs = reader.integer();
    else if (tag === 24) head.closedNs = reader.integer();
    else if (tag === 34) strings.push(reader.text());
    else if (tag === 42) sets.push(readHeaderSet(reader));
    else if (tag === 50) head.loss = readLoss(reader);
    else reader.skip(tag);
  }
  const headerSets = sets.map((set) => resolve(set, strings));
  // A writer may leave out the tables of which it uses only entry 0.
  return { ...head, strings: orEmpty(strings, ''), headerSets: orEmpty(headerSets, NO_HEADERS) };
}

function readHeaderSet(reader: WireReader): number[] {
  const indexes: number[] = [];
  reader.message((tag) => {
    if (tag === 10 || tag === 8) reader.numbers(tag, indexes);
    else reader.skip(tag);
  });
  return indexes;
}

function resolve(indexes: readonly number[], strings: readonly string[]): HeaderList {
  if (indexes.length % 2 !== 0) throw new MalformedError('a header without a value');
  return indexes.map((index) => {
    const text = strings[index];
    if (text === undefined) throw new MalformedError(`entry ${index} of a table of ${strings.length}`);
    return text;
  });
}

function orEmpty<T>(table: T[], entry: T): T[] {
  return table.length > 0 ? table : [entry];
}

function toSafeShift(shift: bigint): number {
  if (Number.isSafeInteger(Number(shift))) return Number(shift);
  throw new MalformedError('its epoch is more than 104 days from that of the file');
}
