import { MalformedError } from '../bytes/wire-reader.ts';
import { OTHER_NAME } from '../stats/op-numbers.ts';
import type { BlockEntry } from '../stats/trace-index.ts';
import { openBlock } from './block-cursor.ts';

/** What the index says of a block, as plain data that can be posted to a thread. */
export interface BlockClaim {
  epochUnixNs: bigint;
  records: number;
  firstStartNs: number;
  lastStartNs: number;
  /** Records by op; what is counted as `(other)` follows from the number of all. */
  ops: ReadonlyMap<string, number>;
}

/** What `entry` of a file with this epoch and these names of ops claims. */
export function claimOf(entry: BlockEntry, epochUnixNs: bigint, ops: readonly string[]): BlockClaim {
  const { records, firstStartNs, lastStartNs } = entry;
  const counts = new Map<string, number>();
  for (const [i, count] of entry.opCounts.entries()) {
    const op = ops[i] ?? '';
    if (count > 0 && op !== OTHER_NAME) counts.set(op, (counts.get(op) ?? 0) + count);
  }
  return { epochUnixNs, records, firstStartNs, lastStartNs, ops: counts };
}

/** Decodes every record of a block; throws a MalformedError where one can't be, or where the index claims otherwise. */
export function checkBlock(raw: Uint8Array, claim: BlockClaim): void {
  const cursor = openBlock(raw, claim.epochUnixNs);
  demand('records', cursor.records, claim.records);
  const ops = new Map<string, number>();
  if (cursor.current) demand('first start', cursor.current.startNs, claim.firstStartNs);
  for (let record = cursor.current; record; record = cursor.current) {
    ops.set(record.op, (ops.get(record.op) ?? 0) + 1);
    cursor.advance();
  }
  demand('last start', cursor.decodedNs, claim.lastStartNs);
  for (const [op, count] of claim.ops) demand(`records of ${op}`, ops.get(op) ?? 0, count);
}

function demand(what: string, found: number, claimed: number): void {
  if (found !== claimed) throw new MalformedError(`${what}: ${found}, the index says ${claimed}`);
}
