import { DOUBLE_ZERO } from '../../stable-shapes.ts';
import type { TimeWindow } from '../../trace/record/record.ts';
import type { PacePhase, Timing } from '../replay-options.ts';
import { createPace, type Pace } from './pace.ts';

export interface DueTimeOptions {
  multiplier: number;
  timing: Timing;
  maxGapNs?: number | undefined;
  /** Phases of the replay with a rate of their own, on top of the multiplier. */
  pace?: readonly PacePhase[] | undefined;
  /** The window that the trace was cut to; without it the seam between two passes is one mean gap. */
  window?: TimeWindow | undefined;
}

/** The times of one operation in the plan: all an engine needs to know of a schedule. */
export interface PlannedTimes {
  /** Due time, in ns after the anchor. */
  readonly dueNs: number;
  /** The recorded offset, with long gaps cut, before timing and multiplier. */
  readonly offsetNs: number;
  /** Its recorded time counted on over passes, gaps uncut: what session order compares. */
  readonly timelineNs: number;
}

/** When each record of a trace is due. Pure: no clock inside. The times are those of the record taken in last. */
export interface DueTimes extends PlannedTimes {
  /** Start of the first record of the pass; undefined before it. */
  readonly firstNs: number | undefined;
  /** Takes the start of the next record. */
  next(startNs: number): void;
  /** The trace begins again with the record after this call. */
  nextPass(): void;
  /** When the record at this offset and position (from 0, over all passes) is due. */
  dueAt(offsetNs: number, index: number): number;
}

/**
 * `due = (start - first start) / multiplier`, every record from the one anchor: offsets add up as integers and
 * are divided once, so nothing drifts, whatever the multiplier and the number of passes. A pace bends that time
 * at the corners of its phases and nowhere else. With `think` these are the due times of the first operations of
 * sessions; those of the others follow from answers (see think-queue.ts).
 */
export function createDueTimes(options: DueTimeOptions): DueTimes {
  return new TimelineDueTimes(options);
}

class TimelineDueTimes implements DueTimes {
  dueNs = DOUBLE_ZERO;
  offsetNs = DOUBLE_ZERO;
  timelineNs = DOUBLE_ZERO;
  readonly #options: DueTimeOptions;
  readonly #pace: Pace;
  #index = -1;
  #previousNs: number | undefined;
  firstNs: number | undefined;
  #inPass = 0;
  #seamNs = 0;

  constructor(options: DueTimeOptions) {
    this.#options = options;
    this.#pace = createPace(options.pace ?? []);
  }

  next(startNs: number): void {
    const gapNs = this.#gapTo(startNs);
    this.timelineNs += gapNs;
    this.offsetNs += Math.min(gapNs, this.#options.maxGapNs ?? Infinity);
    this.#index += 1;
    this.#inPass += 1;
    this.#previousNs = startNs;
    this.dueNs = this.dueAt(this.offsetNs, this.#index);
  }

  nextPass(): void {
    if (this.#previousNs === undefined) return;
    this.#seamNs = this.#seam(this.#previousNs);
    this.#previousNs = undefined;
    this.#inPass = 0;
  }

  dueAt(offsetNs: number, index: number): number {
    const { timing, multiplier } = this.#options;
    if (timing.kind === 'asap') return 0;
    const planNs = timing.kind === 'rate' ? (index * 1e9) / timing.perSec : offsetNs / multiplier;
    return Math.round(this.#pace.replayAt(planNs));
  }

  #gapTo(startNs: number): number {
    // A start before its predecessor's (a source that is not sorted) is due with it, never in the past.
    if (this.#previousNs !== undefined) return Math.max(0, startNs - this.#previousNs);
    this.firstNs = startNs;
    return this.#seamNs;
  }

  /** From the last record of a pass to the first of the next: one mean gap, or what makes a pass as long as the window. */
  #seam(lastNs: number): number {
    const { window } = this.#options;
    if (window !== undefined)
      return Math.max(0, window.endNs - window.startNs - (lastNs - (this.firstNs ?? 0)));
    const gaps = this.#inPass - 1;
    return gaps > 0 ? Math.round(Math.max(0, lastNs - (this.firstNs ?? 0)) / gaps) : 0;
  }
}
