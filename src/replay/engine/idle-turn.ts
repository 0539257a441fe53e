import type { Clock } from '../ports.ts';
import type { Lineup } from '../release/plan-queue.ts';

/** What a slice of the plan takes to read, generously. */
const SLICE_NS = 300_000;
/** With less than this ahead, reading goes first. */
const COMFORTABLE_RECORDS = 4096;

export interface IdleTurnParts {
  clock: Clock;
  queue: Lineup;
  /** Undefined until the first due time is known. */
  anchorNs(): number | undefined;
  /** Nothing is sent any more. */
  isOver(): boolean;
}

/**
 * Waits for the moment to read on: one turn of the event loop at least, so that answers come in and what is due goes
 * out; and past the next due time, when a slice would not be read by then and enough is there to go.
 */
export async function idleTurn(parts: IdleTurnParts): Promise<void> {
  for (let untilNs = parts.clock.nowNs(); untilNs > -Infinity; untilNs = busyUntilNs(parts)) {
    const atNs = untilNs;
    await new Promise<void>((resolve) => {
      parts.clock.at(atNs, resolve);
    });
  }
}

function busyUntilNs({ clock, queue, anchorNs, isOver }: IdleTurnParts): number {
  const startNs = anchorNs();
  if (isOver() || queue.size < COMFORTABLE_RECORDS || startNs === undefined) return -Infinity;
  const dueNs = startNs + queue.nextNs;
  const leftNs = dueNs - clock.nowNs();
  return leftNs > 0 && leftNs < SLICE_NS ? dueNs : -Infinity;
}
