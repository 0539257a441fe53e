import { EngramTraceError } from '../../error.ts';

/** Bytes of a file that could not be read as a frame, or as a block. */
export interface DamagedRange {
  offset: number;
  sizeBytes: number;
  reason: string;
  /** Nothing is broken, but another trace starts here. */
  isJoined?: boolean;
}

const SKIP_HINT =
  'Add --skip-damaged to go on without it, or run `engram-trace repair` to write a file of what is whole.';

/** The error for a block that can't be read; `where` becomes `FILE, block 12 at byte 34567, record 8`. */
export function damagedBlock(
  name: string,
  block: { number: number; offset: number; record?: number | undefined },
  cause: unknown,
): EngramTraceError {
  const record = block.record === undefined ? '' : `, record ${block.record}`;
  return new EngramTraceError('corrupt', `the block is damaged: ${reasonOf(cause)}`, {
    where: `${name}, block ${block.number} at byte ${block.offset}${record}`,
    hint: SKIP_HINT,
    cause,
  });
}

/** The error for bytes between the blocks that are no frame. */
export function damagedRange(name: string, range: DamagedRange): EngramTraceError {
  if (range.isJoined) return joinedTrace(name, range.offset);
  return new EngramTraceError('corrupt', `${range.sizeBytes} bytes are damaged: ${range.reason}`, {
    where: `${name}, at byte ${range.offset}`,
    hint: SKIP_HINT,
  });
}

/** The error for a file whose first frame, without which nothing can be read, is damaged. */
export function damagedHeader(name: string, cause: unknown): EngramTraceError {
  return new EngramTraceError('corrupt', `the header is damaged: ${reasonOf(cause)}`, {
    where: `${name}, at byte 0`,
    hint: 'Run `engram-trace repair`: it rebuilds what it can of the header from the blocks.',
    cause,
  });
}

/** The error for a trace that goes on where the one before it is over. */
export function joinedTrace(name: string, offset: number): EngramTraceError {
  return new EngramTraceError('corrupt', 'another trace starts behind the end of this one', {
    where: `${name}, at byte ${offset}`,
    hint: "Traces can't be joined by `cat`: give each on its own. Add --skip-damaged to read the first alone.",
  });
}

export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
