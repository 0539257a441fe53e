import { MinHeap } from '../../min-heap.ts';
import { Alarm } from '../clock/alarm.ts';
import type { Clock } from '../ports.ts';
import type { Flight } from './flight.ts';

/** One operation, as it was when it was sent: a flight is used again when it is over. */
interface HangUp {
  flight: Flight;
  number: number;
  atNs: number;
}

/** Operations whose recorded client hung up before the answer was whole: each is ended at its time, to the alarm. */
export class HangUps {
  readonly #byTime = new MinHeap<HangUp>((a, b) => a.atNs < b.atNs);
  readonly #alarm: Alarm;
  readonly #hangUp: (flight: Flight, nowNs: number) => void;

  constructor(clock: Clock, hangUp: (flight: Flight, nowNs: number) => void) {
    this.#hangUp = hangUp;
    this.#alarm = new Alarm(clock, () => this.ring(clock.nowNs()));
  }

  add(flight: Flight, atNs: number): void {
    this.#byTime.push({ flight, number: flight.number, atNs });
    this.#setAlarm();
  }

  stop(): void {
    this.#alarm.set(Infinity);
  }

  /** Ends those whose time has come. */
  ring(nowNs: number): void {
    for (
      let next = this.#byTime.peek();
      next !== undefined && next.atNs <= nowNs;
      next = this.#byTime.peek()
    ) {
      this.#byTime.pop();
      const { flight, number } = next;
      // Its answer may have ended before, and the flight be another operation by now.
      const isOpen = flight.slot >= 0 && flight.number === number && flight.givenUp === undefined;
      if (isOpen) this.#hangUp(flight, nowNs);
    }
    this.#setAlarm();
  }

  #setAlarm(): void {
    this.#alarm.set(this.#byTime.peek()?.atNs ?? Infinity);
  }
}
