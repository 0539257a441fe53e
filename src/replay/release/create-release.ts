import { createBacklog } from './backlog.ts';
import { DueQueue } from './due-queue.ts';
import type { Flight } from './flight.ts';
import { type FlightParts, Flights } from './flights.ts';
import { createOpenGate } from './gate.ts';
import { HoldMeter } from './hold-meter.ts';
import { type Lineup, PlanQueue } from './plan-queue.ts';
import { ReleaseLoop } from './release-loop.ts';
import { createSessionGate } from './session-gate.ts';
import { ThinkQueue } from './think-queue.ts';

/** Decides when operations leave, from what was read up to what is with a transport. */
export interface Release {
  /** The operations that were read and are not due yet. */
  queue: Lineup;
  /** The queue where pauses are kept (`--timing think`). */
  thinks: ThinkQueue | undefined;
  loop: ReleaseLoop;
  flights: Flights;
}

/** Makes what lets the operations of one engine go; `parts` are what it has. */
export function createRelease(parts: Omit<FlightParts, 'meter'>): Release {
  const { options, clock, inFlight } = parts;
  const sinceAnchorNs = (): number => {
    const { anchorNs } = loop;
    return anchorNs === undefined ? 0 : clock.nowNs() - anchorNs;
  };
  const takeFlight = (): Flight => flights.take();
  const thinks =
    options.timing.kind === 'think' ? new ThinkQueue(options, sinceAnchorNs, takeFlight) : undefined;
  const isClosedLoop = options.timing.kind === 'clients';
  const queue =
    thinks ??
    (isClosedLoop
      ? new DueQueue(takeFlight)
      : new PlanQueue(options.readAheadRecords, options.readAheadBytes, takeFlight));
  // Of a closed loop nothing piles up: what is late is one operation of a client, and no server is hit by a wall.
  const isPaced = options.behind !== 'stretch' && options.timing.kind !== 'asap' && !isClosedLoop;
  const backlog = createBacklog(isPaced ? options.catchUpFactor : Infinity, options.lateGraceNs);
  const meter = new HoldMeter();
  const flights: Flights = new Flights({ ...parts, meter });
  const loop: ReleaseLoop = new ReleaseLoop({ options, clock, queue, backlog, inFlight, flights, meter });
  loop.gate =
    thinks ?? (options.order === 'session' && !isClosedLoop ? createSessionGate(loop) : createOpenGate());
  flights.gate = loop.gate;
  return { queue, thinks, loop, flights };
}
