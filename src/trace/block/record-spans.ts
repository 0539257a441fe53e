import type { TraceRecord } from '../record/record.ts';
import type { BlockLease } from './block-lease.ts';
import type { BlockTables } from './record-decoder.ts';

/** A decompressed block, of which records are copied as they are. */
export interface EncodedRecords {
  readonly bytes: Uint8Array;
  readonly tables: BlockTables;
  /** Where its memory is used again: each record is given back when nothing reads its bytes any more. */
  readonly lease: BlockLease | undefined;
}

/** Where a record stands in its block: who passes it on need not encode it again. */
export interface RecordSpan {
  readonly block: EncodedRecords;
  /** First byte of the Record message. */
  readonly at: number;
  /** First byte behind it. */
  readonly end: number;
}

const NO_BLOCK: EncodedRecords = {
  bytes: new Uint8Array(0),
  tables: { strings: [], headerSets: [] },
  lease: undefined,
};

const byBatch = new WeakMap<readonly TraceRecord[], RecordSpans>();

/** The spans of the records of a batch; made where there are none. Whoever makes another batch of them loses the spans. */
export function spansFor(batch: readonly TraceRecord[]): RecordSpans {
  let spans = byBatch.get(batch);
  if (spans === undefined) {
    spans = new RecordSpans();
    byBatch.set(batch, spans);
  }
  return spans;
}

/** Undefined for a batch whose records were read from no block, or by who did not ask for their spans. */
export function spansOf(batch: readonly TraceRecord[]): RecordSpans | undefined {
  return byBatch.get(batch);
}

/** The first `count` records of a batch as one; the others are given back. */
export function firstOfBatch(batch: readonly TraceRecord[], count: number): TraceRecord[] {
  const first = batch.slice(0, count);
  const spans = spansOf(batch);
  if (spans !== undefined) byBatch.set(first, spans);
  giveBackFrom(batch, count);
  return first;
}

/** Gives the records of a batch back from number `first` on, which nobody will look at. */
export function giveBackFrom(batch: readonly TraceRecord[], first: number): void {
  const spans = spansOf(batch);
  for (let index = first; index < batch.length; index += 1) {
    spans?.of(batch[index] as TraceRecord, index)?.block.lease?.giveBack();
  }
}

/** The spans of one batch, of which one is shown at a time: an object a record would be garbage. */
export class RecordSpans implements RecordSpan {
  block = NO_BLOCK;
  at = 0;
  end = 0;
  readonly #records: TraceRecord[] = [];
  readonly #blocks: EncodedRecords[] = [];
  readonly #bounds: number[] = [];

  /** Adds the span of the next record of the batch. */
  add(record: TraceRecord, block: EncodedRecords, at: number, end: number): void {
    this.#records.push(record);
    this.#blocks.push(block);
    this.#bounds.push(at, end);
  }

  /** The span of this record, which is the batch's number `index`; undefined where it is another one now. */
  of(record: TraceRecord, index: number): RecordSpan | undefined {
    if (this.#records[index] !== record) return undefined;
    this.block = this.#blocks[index] as EncodedRecords;
    this.at = this.#bounds[index * 2] as number;
    this.end = this.#bounds[index * 2 + 1] as number;
    return this;
  }
}
