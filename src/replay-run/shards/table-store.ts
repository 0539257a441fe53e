import type { BlockTables } from '../../trace/block/record-decoder.ts';

/** A block of the trace of which records are in a batch. */
export interface BlockOfBatch {
  /** By which both ends know it. */
  readonly id: number;
  /** Undefined where the batch before had records of it too: its tables are there. */
  readonly tables: BlockTables | undefined;
}

/** What goes to a shard of the blocks its records stood in: the tables of each once, as long as batch follows batch. */
export class TablesGiven {
  #before = new Map<BlockTables, number>();
  #now = new Map<BlockTables, number>();
  #blocks: BlockOfBatch[] = [];
  #latest: BlockTables | undefined;
  #latestIndex = 0;
  #ids = 0;

  /** Place of the block in the list of the batch that is being filled. */
  indexOf(tables: BlockTables): number {
    if (tables !== this.#latest) {
      this.#latest = tables;
      this.#latestIndex = this.#indexOf(tables);
    }
    return this.#latestIndex;
  }

  /** The blocks of the batch that is closed. */
  close(): BlockOfBatch[] {
    const blocks = this.#blocks;
    this.#before = this.#now;
    this.#now = new Map();
    this.#blocks = [];
    this.#latest = undefined;
    return blocks;
  }

  #indexOf(tables: BlockTables): number {
    const known = this.#now.get(tables);
    if (known !== undefined) return this.#blocks.findIndex(({ id }) => id === known);
    const given = this.#before.get(tables);
    const id = given ?? this.#ids++;
    this.#now.set(tables, id);
    return this.#blocks.push({ id, tables: given === undefined ? tables : undefined }) - 1;
  }
}

/** The other end: the tables a shard has. */
export class TableStore {
  #kept = new Map<number, BlockTables>();

  /** Those of the next batch, in its order. What this batch has nothing of is let go: see `TablesGiven`. */
  of(blocks: readonly BlockOfBatch[]): BlockTables[] {
    const next = new Map<number, BlockTables>();
    for (const { id, tables } of blocks) next.set(id, tables ?? (this.#kept.get(id) as BlockTables));
    this.#kept = next;
    return [...next.values()];
  }
}
