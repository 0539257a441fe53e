import type { TraceRecord } from '../../trace/record/record.ts';

/** A record, or a copy of it, on its way into the plan. */
export interface Copy {
  record: TraceRecord;
  number: number;
  /** What it is planned by; the start of the record, but where arrivals are moved (`--upscale`). */
  startNs: number;
}

/** Turns the records of a pass into those of the plan, in the order of their starts. */
export interface Copier {
  /** Takes the next record of the pass. */
  add(record: TraceRecord, number: number): void;
  /** The pass is over: all that was added may go. */
  end(): void;
  /** The next copy that nothing still to be added comes before. Its fields are only valid until the next call. */
  take(): Copy | undefined;
}
