import type { Clock } from '../ports.ts';
import type { ReplayOptions } from '../replay-options.ts';
import { createBacklog } from './backlog.ts';
import { DueQueue } from './due-queue.ts';
import type { InFlight } from './in-flight.ts';
import { type Lineup, PlanQueue } from './plan-queue.ts';
import { type ReleaseListener, ReleaseLoop } from './release-loop.ts';
import { createOpenGate, createSessionGate } from './session-gate.ts';
import { ThinkQueue } from './think-queue.ts';

/** Decides when operations leave, from what was read up to what is with a transport. */
export interface Release {
  /** The operations that were read and are not due yet. */
  queue: Lineup;
  /** The queue where pauses are kept (`--timing think`). */
  thinks: ThinkQueue | undefined;
  loop: ReleaseLoop;
}

export function createRelease(
  options: ReplayOptions,
  clock: Clock,
  inFlight: InFlight,
  listener: ReleaseListener,
): Release {
  const sinceAnchorNs = (): number => {
    const { anchorNs } = loop;
    return anchorNs === undefined ? 0 : clock.nowNs() - anchorNs;
  };
  const thinks = options.timing.kind === 'think' ? new ThinkQueue(options, sinceAnchorNs) : undefined;
  const isClosedLoop = options.timing.kind === 'clients';
  const queue =
    thinks ??
    (isClosedLoop ? new DueQueue() : new PlanQueue(options.readAheadRecords, options.readAheadBytes));
  // Of a closed loop nothing piles up: what is late is one operation of a client, and no server is hit by a wall.
  const isPaced = options.behind !== 'stretch' && options.timing.kind !== 'asap' && !isClosedLoop;
  const backlog = createBacklog(isPaced ? options.catchUpFactor : Infinity, options.lateGraceNs);
  const loop: ReleaseLoop = new ReleaseLoop({ options, clock, queue, backlog, inFlight, listener });
  loop.gate =
    thinks ?? (options.order === 'session' && !isClosedLoop ? createSessionGate(loop) : createOpenGate());
  return { queue, thinks, loop };
}
