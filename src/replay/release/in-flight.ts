import { emptyList } from '../../stable-shapes.ts';
import type { Flight, GivenUp } from './flight.ts';

/** A transport that was told to give up and says nothing for this long has lost the operation. */
const CANCEL_GRACE_NS = 5e9;

/** The operations that are with the transports. Their timeouts cost one sweep now and then, not a timer each. */
export class InFlight {
  /** Most at one time so far. */
  peak = 0;
  readonly #flights = emptyList<Flight>();

  /** In no order. */
  get flights(): readonly Flight[] {
    return this.#flights;
  }

  get size(): number {
    return this.#flights.length;
  }

  add(flight: Flight, deadlineNs: number): void {
    flight.slot = this.#flights.length;
    flight.deadlineNs = deadlineNs;
    this.#flights.push(flight);
    if (this.#flights.length > this.peak) this.peak = this.#flights.length;
  }

  remove(flight: Flight): void {
    const last = this.#flights.pop();
    if (last !== undefined && last !== flight) {
      this.#flights[flight.slot] = last;
      last.slot = flight.slot;
    }
    flight.slot = -1;
  }

  /** Gives up what is past its deadline; `lost` gets what a transport was told to give up and never gave back. */
  sweep(nowNs: number, lost: (flight: Flight) => void): void {
    // Backwards: giving up may settle at once, which fills the gap with a flight that was already looked at.
    for (let at = this.#flights.length - 1; at >= 0; at -= 1) {
      const flight = this.#flights[at];
      if (flight === undefined) continue;
      if (flight.givenUp !== undefined) {
        if (nowNs - flight.givenUpNs >= CANCEL_GRACE_NS) lost(flight);
      } else if (flight.deadlineNs <= nowNs) giveUp(flight, 'timeout', nowNs);
    }
  }

  /** Gives up all operations that are in flight. */
  cutOff(nowNs: number): void {
    for (let at = this.#flights.length - 1; at >= 0; at -= 1) {
      const flight = this.#flights[at];
      if (flight !== undefined && flight.givenUp === undefined) giveUp(flight, 'cut_off', nowNs);
    }
  }
}

/** Has the transport end the operation, whose end is then told as that of any other. */
export function giveUp(flight: Flight, why: GivenUp, nowNs: number): void {
  flight.givenUp = why;
  flight.givenUpNs = nowNs;
  try {
    flight.cancel?.();
  } catch {
    // A transport that breaks its word here is found by the next sweeps.
  }
}
