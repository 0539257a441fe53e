import { readBlockTables } from '../../trace/block/block-cursor.ts';
import { type BlockTables, decodeRecord } from '../../trace/block/record-decoder.ts';
import { WireReader } from '../../trace/bytes/wire-reader.ts';
import type { TraceRecord } from '../../trace/record/record.ts';

/** A block of the trace that all threads see. */
export interface BlockInCommon {
  /** By which it is known: its bytes are another object in each message. */
  readonly id: number;
  readonly raw: Uint8Array<SharedArrayBuffer>;
}

const ids = new WeakMap<Uint8Array, number>();
let blocks = 0;

/** The number this process knows the block by. */
export function blockId(raw: Uint8Array<SharedArrayBuffer>): number {
  let id = ids.get(raw);
  if (id === undefined) {
    id = blocks++;
    ids.set(raw, id);
  }
  return id;
}

/** Reads records where they stand in a block. */
export class BlockInUse {
  readonly #reader: WireReader;
  readonly #tables: BlockTables;

  constructor(raw: Uint8Array) {
    this.#reader = new WireReader(raw);
    this.#tables = readBlockTables(raw);
  }

  /** The record from `at` to `end`, which was decoded before, and starts at `startNs`. Bodies are views of the block. */
  read(at: number, end: number, startNs: number): TraceRecord {
    const reader = this.#reader;
    reader.pos = at;
    reader.end = reader.bytes.length;
    const record = decodeRecord(reader, end, 0, this.#tables);
    // It is written as the distance from the one before it.
    record.startNs = startNs;
    return record;
  }
}

/** The blocks a shard reads from, each with its tables, which are read once. */
export class SharedBlocks {
  #inUse = new Map<number, BlockInUse>();

  /** Those of the next batch, in its order. What this batch has nothing of is let go: its memory is wanted. */
  of(batch: readonly BlockInCommon[]): BlockInUse[] {
    const next = new Map<number, BlockInUse>();
    for (const { id, raw } of batch) next.set(id, this.#inUse.get(id) ?? new BlockInUse(raw));
    this.#inUse = next;
    return [...next.values()];
  }
}
