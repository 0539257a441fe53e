import type { Operation } from '../../replay/ports.ts';

interface SessionProgress {
  sequence: number;
  startNs: number;
  dueNs: number;
}

/**
 * Counts operations that were sent after one of their own session that had to follow them: one that started,
 * in the recording, when they were already done (an unknown duration is done at once). What overlapped in the
 * recording has no order. Memory: one entry for each session with operations still to be heard of.
 */
export class InversionCounter {
  readonly #timeScale: number | undefined;
  readonly #settledBelow: () => number;
  readonly #sessions = new Map<string, SessionProgress>();
  #sweepAt = 1024;
  #count = 0;

  /**
   * `timeScale` is the rate multiplier: it shortens recorded durations between passes of a loop. Undefined where due
   * times don't follow the recording; the passes are then not compared with each other. All operations that come before
   * `settledBelow` in the plan were sent or never will be: it is asked now and then.
   */
  constructor(timeScale: number | undefined, settledBelow: () => number = () => 0) {
    this.#timeScale = timeScale;
    this.#settledBelow = settledBelow;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes out what was counted since the last drain. What sessions sent last is kept: each is in one shard. */
  drain(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  addPart(count: number): void {
    this.#count += count;
  }

  /** Takes operations in the order they are sent. */
  onSent(operation: Operation): void {
    const { record, sequence, dueNs } = operation;
    const newest = this.#sessions.get(record.session);
    if (newest === undefined) {
      this.#sessions.set(record.session, { sequence, startNs: record.startNs, dueNs });
      if (this.#sessions.size >= this.#sweepAt) this.#sweep();
    } else if (sequence > newest.sequence) {
      newest.sequence = sequence;
      newest.startNs = record.startNs;
      newest.dueNs = dueNs;
    } else if (this.#hadToPrecede(operation, newest)) {
      this.#count++;
    }
  }

  #hadToPrecede({ record, dueNs }: Operation, newest: SessionProgress): boolean {
    const durationNs = record.durationNs ?? 0;
    if (newest.startNs >= record.startNs) return record.startNs + durationNs <= newest.startNs;
    // A later pass of a loop. Both due times are rounded, so one that touches is left alone.
    return this.#timeScale !== undefined && dueNs + durationNs / this.#timeScale + 1000 <= newest.dueNs;
  }

  /** Forgets sessions for which nothing can arrive late any more. */
  #sweep(): void {
    const settledBelow = this.#settledBelow();
    for (const [session, { sequence }] of this.#sessions) {
      if (sequence < settledBelow) this.#sessions.delete(session);
    }
    this.#sweepAt = Math.max(1024, 2 * this.#sessions.size);
  }
}
