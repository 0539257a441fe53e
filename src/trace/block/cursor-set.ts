import type { TraceRecord } from '../record/record.ts';
import type { BlockCursor } from './block-cursor.ts';
import { spansFor } from './record-spans.ts';

export interface HeldCursor {
  cursor: BlockCursor;
  /** Of two records with the same start, the one with the lower rank comes first. */
  rank: number;
}

/** Blocks that are being read at the same time. Few, so that plain loops beat a heap. */
export interface CursorSet<T extends HeldCursor> {
  readonly size: number;
  readonly rawBytes: number;
  /** Start of the next record of all; Infinity when there is none. */
  readonly nextStartNs: number;
  add(held: T): void;
  /** Takes the block out whose next record lies farthest ahead. */
  removeFarthest(): T | undefined;
  /**
   * Moves the next run of records of one block into `batch`: those that start before `beforeNs`, and not after the
   * next one of another block, up to a batch of `maxRecords`. `advance` passes one record.
   */
  takeRun(batch: TraceRecord[], beforeNs: number, maxRecords: number, advance: (held: T) => void): void;
}

/** `placed`: it is known where the records of a batch stand (`spansOf`). */
export function createCursorSet<T extends HeldCursor>(placed = false): CursorSet<T> {
  let set: T[] = [];
  const startOf = (held: T | undefined) => held?.cursor.current?.startNs ?? Number.POSITIVE_INFINITY;
  const isBefore = (a: T, b: T | undefined) => {
    const difference = startOf(a) - startOf(b);
    return b === undefined || difference < 0 || (difference === 0 && a.rank < b.rank);
  };
  const firstOf = (candidates: readonly T[], except?: T) => {
    let first: T | undefined;
    for (const held of candidates) if (held !== except && isBefore(held, first)) first = held;
    return first;
  };
  return {
    get size() {
      return set.length;
    },
    get rawBytes() {
      return set.reduce((sum, { cursor }) => sum + cursor.rawBytes, 0);
    },
    get nextStartNs() {
      return startOf(firstOf(set));
    },
    add: (held) => {
      if (held.cursor.current) set.push(held);
    },
    removeFarthest() {
      let farthest: T | undefined;
      for (const held of set) if (farthest === undefined || isBefore(farthest, held)) farthest = held;
      set = set.filter((held) => held !== farthest);
      return farthest;
    },
    takeRun(batch, beforeNs, maxRecords, advance) {
      const held = firstOf(set);
      if (!held) return;
      const rival = firstOf(set, held);
      const endNs = Math.min(beforeNs, startOf(rival) + (rival && held.rank < rival.rank ? 1 : 0));
      const { cursor } = held;
      const spans = placed ? spansFor(batch) : undefined;
      for (let record = cursor.current; record; record = cursor.current) {
        if (record.startNs >= endNs || batch.length >= maxRecords) return;
        batch.push(record);
        spans?.add(record, cursor, cursor.at, cursor.end);
        advance(held);
      }
      set = set.filter((other) => other !== held);
    },
  };
}
