import type { Flight } from './flight.ts';
import type { Lineup } from './plan-queue.ts';

/** Makes a flight at once of what a queue is told to plan, for those that can't wait until it is due. */
export function plannedFlight(
  takeFlight: () => Flight,
  [record, number, sequence, recordNumber, times, readNs, lease]: Parameters<Lineup['plan']>,
): Flight {
  const flight = takeFlight();
  flight.lease = lease;
  flight.plan(record, number, sequence, recordNumber, times.dueNs, times.timelineNs, readNs);
  return flight;
}

/** The order of due times, and of the plan where they are the same. */
export function isDueFirst(a: Flight, b: Flight): boolean {
  return a.offsetNs < b.offsetNs || (a.offsetNs === b.offsetNs && a.number < b.number);
}
