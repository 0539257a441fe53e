import { EngramTraceError } from '../error.ts';
import { MinHeap } from '../min-heap.ts';
import { BATCH_RECORDS } from '../trace/block/merge-blocks.ts';
import type { TraceRecord } from '../trace/record/record.ts';

/** Records in the order of their starts. */
export interface MergeInput {
  /** For the error about records that are in no order. */
  readonly name: string;
  readonly batches: AsyncIterable<TraceRecord[]>;
}

/**
 * Merges records of several inputs by their starts. Of equal starts those of the input that is named first go first,
 * each in its own order. Holds one batch of each input, and asks for the next when that is used up. Throws `bad_record`,
 * with the place, for an input that is not in order; what comes before an error is delivered first.
 */
export async function* mergeRecords(inputs: readonly MergeInput[]): AsyncGenerator<TraceRecord[]> {
  const cursors = inputs.map(createCursor);
  const heap = new MinHeap<Cursor>(isBefore);
  let merged: TraceRecord[] = [];
  try {
    for (const cursor of cursors) if (await cursor.fill()) heap.push(cursor);
    for (let first = heap.pop(); first; first = heap.pop()) {
      const rival = heap.peek();
      for (let next = first.next; next && merged.length < BATCH_RECORDS; next = first.next) {
        if (rival !== undefined && !isBefore(first, rival)) break;
        merged.push(next);
        first.pass();
      }
      const isUsedUp = first.next === undefined;
      // What is ready goes before anybody is waited for.
      if (isUsedUp || merged.length === BATCH_RECORDS) {
        yield merged;
        merged = [];
      }
      if (!isUsedUp || (await first.fill())) heap.push(first);
    }
  } catch (error) {
    if (merged.length > 0) yield merged;
    throw error;
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

type Cursor = ReturnType<typeof createCursor>;

function isBefore(a: Cursor, b: Cursor): boolean {
  return a.startNs < b.startNs || (a.startNs === b.startNs && a.rank < b.rank);
}

function createCursor({ name, batches }: MergeInput, rank: number) {
  const source = batches[Symbol.asyncIterator]();
  let batch: readonly TraceRecord[] = [];
  let at = 0;
  let passed = 0;
  let startNs = Number.NEGATIVE_INFINITY;
  /** The start of the record in turn, which must not be before the one in front of it. */
  const look = () => {
    const next = batch[at]?.startNs ?? startNs;
    if (next < startNs) throw outOfOrder(name, passed + at, next, startNs);
    startNs = next;
  };
  return {
    rank,
    get startNs() {
      return startNs;
    },
    /** The record in turn; undefined where more has to be read first. */
    get next(): TraceRecord | undefined {
      return batch[at];
    },
    pass(): void {
      at++;
      look();
    },
    /** False at the end. */
    async fill(): Promise<boolean> {
      while (at >= batch.length) {
        passed += batch.length;
        const next = await source.next();
        if (next.done) return false;
        batch = next.value;
        at = 0;
      }
      look();
      return true;
    },
    close: async () => void (await source.return?.()),
  };
}

function outOfOrder(name: string, number: number, startNs: number, behindNs: number): EngramTraceError {
  const message = `the record starts at ${startNs} ns, behind one that starts at ${behindNs} ns`;
  const hint =
    'What is merged must be in the order of starts: engram-trace convert makes such a trace of it.';
  return new EngramTraceError('bad_record', message, { where: `${name}, record ${number}`, hint });
}
