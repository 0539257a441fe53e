const NOT_YET = Number.NaN;
const LEFT_OUT = Number.POSITIVE_INFINITY;

/**
 * Puts operations, which are heard of in the order they end up being sent, back into the order of the plan.
 * Holds one number for each operation between the oldest one not heard of and the newest heard of; past
 * `maxHeld` it goes on without the oldest and counts it as missing.
 */
export class PlanOrder {
  readonly #onDue: (dueNs: number) => void;
  readonly #maxHeld: number;
  /** Its length is a power of two: a place in it is the low bits of a sequence. */
  #ring = new Float64Array(1024).fill(NOT_YET);
  #next = 0;
  #missing = 0;

  constructor(onDue: (dueNs: number) => void, maxHeld = 1 << 20) {
    this.#onDue = onDue;
    this.#maxHeld = maxHeld;
  }

  /** The first operation of the plan that was not heard of (or given up on) yet. */
  get next(): number {
    return this.#next;
  }

  /** How many operations were passed without having been heard of; their due times are missing from the statistics. */
  get missing(): number {
    return this.#missing;
  }

  /** Notes an operation that was planned for `dueNs` and has left, or was given up by a policy. */
  put(sequence: number, dueNs: number): void {
    this.#set(sequence, dueNs);
  }

  /** Skips an operation that is no part of what was tried; one that lies too far ahead to be held is ignored. */
  leaveOut(sequence: number): void {
    if (sequence - this.#next < this.#maxHeld) this.#set(sequence, LEFT_OUT);
  }

  #set(sequence: number, value: number): void {
    if (sequence < this.#next) return;
    while (sequence - this.#next >= this.#maxHeld) this.#pass(true);
    if (sequence - this.#next >= this.#ring.length) this.#grow(sequence - this.#next + 1);
    const lowBits = this.#ring.length - 1;
    this.#ring[sequence & lowBits] = value;
    while (!Number.isNaN(this.#ring[this.#next & lowBits])) this.#pass(false);
  }

  #pass(force: boolean): void {
    const slot = this.#next & (this.#ring.length - 1);
    const dueNs = this.#ring[slot] as number;
    this.#ring[slot] = NOT_YET;
    this.#next++;
    if (Number.isFinite(dueNs)) this.#onDue(dueNs);
    else if (force && Number.isNaN(dueNs)) this.#missing++;
  }

  #grow(needed: number): void {
    let length = this.#ring.length;
    while (length < needed) length *= 2;
    const old = this.#ring;
    this.#ring = new Float64Array(length).fill(NOT_YET);
    for (let i = 0; i < old.length; i++) {
      const sequence = this.#next + i;
      this.#ring[sequence & (length - 1)] = old[sequence & (old.length - 1)] as number;
    }
  }
}
