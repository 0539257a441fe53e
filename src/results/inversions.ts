import type { Operation } from '../replay/ports.ts';

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
  readonly #sessions = new Map<string, SessionProgress>();
  #sweepAt = 1024;
  #count = 0;

  /**
   * `timeScale` is the rate multiplier: it shortens recorded durations between passes of a loop. Undefined where due
   * times don't follow the recording; the passes are then not compared with each other.
   */
  constructor(timeScale: number | undefined) {
    this.#timeScale = timeScale;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes operations in the order they are sent. All below `settledBelow` were sent or never will be. */
  onSent(operation: Operation, settledBelow: number): void {
    const { record, sequence, dueNs } = operation;
    const newest = this.#sessions.get(record.session);
    if (newest === undefined) {
      this.#sessions.set(record.session, { sequence, startNs: record.startNs, dueNs });
      if (this.#sessions.size >= this.#sweepAt) this.#sweep(settledBelow);
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
  #sweep(settledBelow: number): void {
    for (const [session, { sequence }] of this.#sessions) {
      if (sequence < settledBelow) this.#sessions.delete(session);
    }
    this.#sweepAt = Math.max(1024, 2 * this.#sessions.size);
  }
}
