import { EngramTraceError } from '../../error.ts';
import { MinHeap } from '../../min-heap.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { recordBytes } from '../../trace/record/record-bytes.ts';
import type { Copier, Copy } from './copier.ts';
import { timeBetween, upscaledPlace } from './upscaled-place.ts';

/** How much is remembered at most. */
export interface UpscaleLimits {
  readonly sessions: number;
  readonly heldRecords: number;
  readonly heldBytes: number;
}

export const UPSCALE_LIMITS: UpscaleLimits = { sessions: 1e6, heldRecords: 1e6, heldBytes: 256 * 2 ** 20 };

/**
 * Sessions start `factor` times as densely: session i (in the order of their first operations) at the time at which
 * recorded session floor(i / factor) started, spread inside the gap to the start that followed. Each is moved as a whole,
 * so that what lies between its operations stays as it was recorded.
 *
 * Later sessions move further, so the later operations of early ones wait in memory until those that overtook them were
 * read: as many as are recorded in `factor` times the length of a session.
 */
export class UpscaledSessions implements Copier {
  readonly #factor: number;
  readonly #limits: UpscaleLimits;
  /** When the sessions so far started. */
  readonly #starts: number[] = [];
  /** How much earlier each of them is played than it was recorded. */
  readonly #shifts = new Map<string, number>();
  readonly #held = new MinHeap<Copy>(isBefore);
  #heldBytes = 0;
  #mostShiftNs = 0;
  /** Nothing still to come is planned before this. */
  #frontierNs = -Infinity;

  constructor(factor: number, limits: UpscaleLimits = UPSCALE_LIMITS) {
    this.#factor = factor;
    this.#limits = limits;
  }

  add(record: TraceRecord, number: number): void {
    const { session, startNs } = record;
    const shiftNs = this.#shifts.get(session) ?? this.#begin(session, startNs);
    this.#held.push({ record, number, startNs: startNs - shiftNs });
    this.#heldBytes += recordBytes(record);
    const frontierNs = Math.min(startNs - this.#mostShiftNs, this.#nextStartNs(startNs));
    this.#frontierNs = Math.max(this.#frontierNs, frontierNs);
    this.#refuseTooMuch();
  }

  end(): void {
    this.#frontierNs = Infinity;
  }

  take(): Copy | undefined {
    const first = this.#held.peek();
    if (first === undefined || first.startNs > this.#frontierNs) return undefined;
    this.#held.pop();
    this.#heldBytes -= recordBytes(first.record);
    return first;
  }

  #begin(session: string, startNs: number): number {
    const number = this.#starts.push(startNs) - 1;
    const { after, share } = upscaledPlace(number, this.#factor);
    const fromNs = this.#starts[after] as number;
    const shiftNs = startNs - timeBetween(fromNs, this.#starts[after + 1] ?? fromNs, share);
    this.#shifts.set(session, shiftNs);
    this.#mostShiftNs = Math.max(this.#mostShiftNs, shiftNs);
    return shiftNs;
  }

  /** The earliest time that the next session can be planned for, where it starts no earlier than `startNs`. */
  #nextStartNs(startNs: number): number {
    const { after, share } = upscaledPlace(this.#starts.length, this.#factor);
    const fromNs = this.#starts[after] as number;
    return Math.min(startNs, timeBetween(fromNs, this.#starts[after + 1] ?? startNs, share));
  }

  #refuseTooMuch(): void {
    const { sessions, heldRecords, heldBytes } = this.#limits;
    const what =
      this.#shifts.size > sessions
        ? `it has more than ${sessions} sessions`
        : this.#held.size > heldRecords || this.#heldBytes > heldBytes
          ? `its sessions are too long: ${this.#held.size} operations of them would have to wait in memory`
          : undefined;
    if (what === undefined) return;
    throw new EngramTraceError('usage', `--upscale can't move the sessions of this trace: ${what}`, {
      hint: '--order open moves each operation by itself; --copies adds sessions',
    });
  }
}

function isBefore(a: Copy, b: Copy): boolean {
  return a.startNs < b.startNs || (a.startNs === b.startNs && a.number < b.number);
}
