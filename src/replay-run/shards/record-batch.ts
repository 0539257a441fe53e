import { EngramTraceError } from '../../error.ts';
import type { PlannedTimes } from '../../replay/plan/due-times.ts';
import { DOUBLE_ZERO } from '../../stable-shapes.ts';
import { type BlockTables, decodeRecord } from '../../trace/block/record-decoder.ts';
import { encodeRecord } from '../../trace/block/record-encoder.ts';
import type { RecordSpan } from '../../trace/block/record-spans.ts';
import { createStringTable } from '../../trace/block/string-table.ts';
import { createByteWriter } from '../../trace/bytes/byte-writer.ts';
import { WireReader } from '../../trace/bytes/wire-reader.ts';
import type { HeaderList, TraceRecord } from '../../trace/record/record.ts';
import { type BlockOfBatch, type TableStore, TablesGiven } from './table-store.ts';

/**
 * Planned operations on their way to another thread. Plain data: both buffers are handed over, not copied. A record
 * that stands in a block is in it as it stands there, and refers to the tables of that block; others are encoded.
 * Not a block of a trace file: records keep the order of the plan, which passes and copies take out of time order.
 */
export interface RecordBatch {
  readonly records: number;
  readonly blocks: readonly BlockOfBatch[];
  /** The tables of strings and header sets, as in a block, then the records. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the records begin in `bytes`. */
  readonly tableBytes: number;
  /** `COLUMNS` numbers for each operation. */
  readonly columns: Float64Array<ArrayBuffer>;
}

const NUMBER = 0;
const START = 1;
const DUE = 2;
const OFFSET = 3;
const TIMELINE = 4;
const RECORD = 5;
/** Whose tables it refers to: those of one of the blocks, or `OWN`. */
const BLOCK = 6;
/** Where the record ends, counted from where the records begin. */
const END = 7;
const COLUMNS = 8;

/** The tables of the batch. */
const OWN = -1;

/** A batch is closed at whichever comes first. */
export const SHARD_BATCH_RECORDS = 128;
export const BATCH_BYTES = 64 * 1024;

/** Collects planned operations; nothing holds on to a record once it was added. */
export interface BatchBuilder {
  readonly records: number;
  /** Has as much in it as a batch should have. */
  readonly isFull: boolean;
  /** `span` is where it stands in its block. Throws `bad_record` for numbers that no trace can hold. */
  add(
    record: TraceRecord,
    number: number,
    times: PlannedTimes,
    recordNumber: number,
    span: RecordSpan | undefined,
  ): void;
  /** What was added; the builder is empty afterwards. */
  close(): RecordBatch;
}

export function createBatchBuilder(): BatchBuilder {
  const strings = createStringTable();
  const out = createByteWriter(BATCH_BYTES * 2);
  const tables = createByteWriter();
  let columns = new Float64Array(SHARD_BATCH_RECORDS * COLUMNS);
  const given = new TablesGiven();
  let records = 0;
  return {
    get records() {
      return records;
    },
    get isFull() {
      return records >= SHARD_BATCH_RECORDS || out.sizeBytes + strings.sizeBytes >= BATCH_BYTES;
    },
    add(record, number, times, recordNumber, span) {
      if (!Number.isSafeInteger(record.startNs)) {
        throw new EngramTraceError('bad_record', `start ${record.startNs} is no integer of ns`);
      }
      const asItStands = record.outcome.response === undefined ? span : undefined;
      if (asItStands === undefined) encodeRecord(withoutResponse(record), strings, out);
      else out.raw(asItStands.block.bytes.subarray(asItStands.at, asItStands.end));
      const at = records * COLUMNS;
      if (at === columns.length) columns = grown(columns);
      columns[at + NUMBER] = number;
      columns[at + START] = record.startNs;
      columns[at + DUE] = times.dueNs;
      columns[at + OFFSET] = times.offsetNs;
      columns[at + TIMELINE] = times.timelineNs;
      columns[at + RECORD] = recordNumber;
      columns[at + BLOCK] = asItStands === undefined ? OWN : given.indexOf(asItStands.block.tables);
      columns[at + END] = out.sizeBytes;
      records += 1;
    },
    close() {
      strings.write(tables);
      const bytes = new Uint8Array(tables.sizeBytes + out.sizeBytes);
      bytes.set(tables.view(0, tables.sizeBytes));
      bytes.set(out.view(0, out.sizeBytes), tables.sizeBytes);
      const batch = {
        records,
        blocks: given.close(),
        bytes,
        tableBytes: tables.sizeBytes,
        columns: columns.slice(0, records * COLUMNS),
      };
      records = 0;
      strings.clear();
      out.clear();
      tables.clear();
      return batch;
    },
  };
}

/** What came back in the recording is compared where the plan is read, not where it is sent. */
function withoutResponse(record: TraceRecord): TraceRecord {
  if (record.outcome.response === undefined) return record;
  return { ...record, outcome: { ...record.outcome, response: undefined } };
}

function grown(columns: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(columns.length * 2);
  larger.set(columns);
  return larger;
}

/** Decodes a batch operation by operation. Bodies are views of the batch's bytes. */
export class BatchCursor implements PlannedTimes {
  number = 0;
  /** Number of its record in the trace file. */
  recordNumber = 0;
  dueNs = DOUBLE_ZERO;
  offsetNs = DOUBLE_ZERO;
  timelineNs = DOUBLE_ZERO;
  readonly #batch: RecordBatch;
  readonly #reader: WireReader;
  readonly #tables: BlockTables;
  readonly #blocks: readonly BlockTables[];
  #next = 0;

  /** Batches are to be read in their order, by the same `store`. */
  constructor(batch: RecordBatch, store: TableStore) {
    this.#batch = batch;
    this.#blocks = store.of(batch.blocks);
    this.#reader = new WireReader(batch.bytes);
    this.#reader.end = batch.tableBytes;
    this.#tables = readTables(this.#reader);
    this.#reader.end = batch.bytes.length;
  }

  /** The next record, its number and times in the fields; undefined behind the last. */
  next(): TraceRecord | undefined {
    const { records, columns, tableBytes } = this.#batch;
    if (this.#next >= records) return undefined;
    const at = this.#next * COLUMNS;
    this.#next += 1;
    this.number = columns[at + NUMBER] ?? 0;
    this.recordNumber = columns[at + RECORD] ?? 0;
    this.dueNs = columns[at + DUE] ?? 0;
    this.offsetNs = columns[at + OFFSET] ?? 0;
    this.timelineNs = columns[at + TIMELINE] ?? 0;
    const startNs = columns[at + START] ?? 0;
    const end = tableBytes + (columns[at + END] ?? 0);
    const tables = this.#blocks[columns[at + BLOCK] ?? OWN];
    // A record is encoded without its start, and begins as late as the one before it.
    if (tables === undefined) return decodeRecord(this.#reader, end, startNs, this.#tables);
    const record = decodeRecord(this.#reader, end, 0, tables);
    // In its block it stands as the distance from a neighbour.
    record.startNs = startNs;
    return record;
  }
}

const STRING_TAG = 34;
const HEADER_SET_TAG = 42;

function readTables(reader: WireReader): BlockTables {
  const strings: string[] = [];
  const headerSets: HeaderList[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === STRING_TAG) strings.push(reader.text());
    else if (tag === HEADER_SET_TAG) headerSets.push(readHeaderSet(reader, strings));
    else reader.skip(tag);
  }
  return { strings, headerSets };
}

function readHeaderSet(reader: WireReader, strings: readonly string[]): HeaderList {
  const headers: string[] = [];
  const end = reader.nested();
  if (reader.pos < end) {
    reader.varint();
    const packedEnd = reader.nested();
    while (reader.pos < packedEnd) headers.push(strings[reader.varint()] ?? '');
  }
  reader.pos = end;
  return headers;
}
