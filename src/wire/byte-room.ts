import { EngramTraceError } from '../error.ts';

/** Where a parser asks before a buffer of its own grows. */
export interface ByteRoom {
  /** A buffer of `fromBytes` (0 for a new one) wants to have `toBytes`; false: there is no room for that. */
  grow(fromBytes: number, toBytes: number): boolean;
  /** A buffer lets go of `bytes`. */
  shrink(bytes: number): void;
}

/** Room for whoever reads what it can trust. */
export const ENDLESS_ROOM: ByteRoom = { grow: () => true, shrink: () => {} };

/** The error of a parser that had no room; it is of no use after. */
export function outOfRoom(what: string): EngramTraceError {
  return new EngramTraceError('target', `no room left for ${what}`);
}
