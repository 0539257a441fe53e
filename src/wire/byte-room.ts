import { EngramTraceError } from '../error.ts';

/** Says whether a parser may let a buffer of its own grow. */
export interface ByteRoom {
  /** A buffer of `fromBytes` (0 for a new one) wants to have `toBytes`; false: there is no room for that. */
  grow(fromBytes: number, toBytes: number): boolean;
  /** A buffer lets go of `bytes`. */
  shrink(bytes: number): void;
}

/** Room without a bound, for bytes that can be trusted. */
export const ENDLESS_ROOM: ByteRoom = { grow: () => true, shrink: () => {} };

/** Makes the error of a parser that had no room; the parser is of no use after that. */
export function outOfRoom(what: string): EngramTraceError {
  return new EngramTraceError('target', `no room left for ${what}`);
}
