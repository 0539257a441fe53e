/** Before the first wake-up was measured. */
const FIRST_NS = 200_000;
const SHORTEST_NS = 20_000;
const LONGEST_NS = 600_000;
/** How much less after a wake-up that was in time. */
const STEP_NS = 500;
/** So many wake-ups in time for each that is late. */
const IN_TIME = 5;

/**
 * How long before a moment to be woken, so as to be there in time for it: as long as five of six wake-ups were late of
 * late. Machines differ by a factor of ten here, and one machine by as much from idle to busy; whatever is too long is
 * spent turning the event loop.
 */
export class WakeLead {
  #ns = FIRST_NS;

  get ns(): number {
    return this.#ns;
  }

  /**
   * A wake-up came so much later than asked for. Later than any lead: the thread was kept from running, which being
   * woken sooner does not help, and turning the loop would only use up its share of a busy machine.
   */
  note(lateNs: number): void {
    if (lateNs > LONGEST_NS) return;
    if (lateNs > this.#ns) this.#ns = Math.min(LONGEST_NS, this.#ns + IN_TIME * STEP_NS);
    else this.#ns = Math.max(SHORTEST_NS, this.#ns - STEP_NS);
  }
}
