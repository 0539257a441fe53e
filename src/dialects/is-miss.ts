import type { Dialect } from './dialect.ts';

/** Whether an answer says that a cache does not have what it was asked for. That is an answer, and no failure. */
export function isMiss({ missStatus }: Dialect, op: string, status: number | undefined): boolean {
  return status !== undefined && missStatus?.get(op) === status;
}
