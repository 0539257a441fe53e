import type { MinHeap } from '../../min-heap.ts';
import { DOUBLE_ZERO } from '../../stable-shapes.ts';
import type { BlockLease } from '../../trace/block/block-lease.ts';
import { emptyRecord, type TraceRecord } from '../../trace/record/record.ts';
import { recordBytes } from '../../trace/record/record-bytes.ts';
import type { Cancel, Operation, SendListener, SendOutcome } from '../ports.ts';

/** Why the engine gave a flight up; undefined where it did not. */
export type GivenUp = 'timeout' | 'cut_off' | 'as_recorded' | undefined;

/** What a gate knows of one session while anything of it is unsettled. */
export interface GateSession {
  readonly name: string;
  /** Entered and unsettled; the one whose recorded end comes first is on top. */
  readonly inside: MinHeap<Flight>;
  firstWaiting: Flight | undefined;
  lastWaiting: Flight | undefined;
}

/**
 * One operation from the plan to its settlement, reused for the next: the operation the observer sees, the
 * listener the transport talks to and the places it takes in gate, backlog and in-flight table, in one object,
 * so that sending allocates nothing.
 */
export abstract class Flight implements Operation, SendListener {
  record: TraceRecord = NO_RECORD;
  /** What the record is given back to when it is over. */
  lease: BlockLease | undefined;
  // Doubles from the start, as are times, which are NaN until it is planned.
  number = DOUBLE_ZERO;
  sequence = DOUBLE_ZERO;
  recordNumber = DOUBLE_ZERO;
  dueNs = Number.NaN;
  readyNs = Number.NaN;
  releasedNs: number | undefined;
  sentNs: number | undefined;
  readingNs = 0;
  fullNs = 0;
  pacedNs = 0;
  stalledNs = 0;
  firstAnswerNs: number | undefined;
  doneNs: number | undefined;
  outcome: SendOutcome | undefined;

  /** Due time in ns after the anchor. */
  offsetNs = Number.NaN;
  /** Recorded start and end on the timeline that counts on over passes. */
  timelineNs = Number.NaN;
  timelineEndNs = Number.NaN;
  sizeBytes = 0;
  /** When it was read from the trace; -Infinity: before the replay began. */
  readNs = -Infinity;

  /** What the session gate knows of its session. */
  session: GateSession | undefined;
  insideIndex = -1;
  gateDeadlineNs = Number.NaN;
  nextInSession: Flight | undefined;
  nextGated: Flight | undefined;
  previousGated: Flight | undefined;
  /** In the think queue: what later operations of its session count from. */
  spell: { doneNs: number } | undefined;

  /** In the in-flight table; -1: not there, and what a transport may still say is ignored. */
  slot = -1;
  deadlineNs = Number.NaN;
  givenUp: GivenUp;
  givenUpNs = Number.NaN;
  cancel: Cancel | undefined;

  abstract onSent(heldNs?: number): void;
  abstract onFirstAnswer(atNs?: number): void;
  abstract onDone(outcome: SendOutcome, atNs?: number): void;

  /** Becomes the operation with these times; when it is due is known once `dueFrom` is told. */
  plan(
    record: TraceRecord,
    number: number,
    sequence: number,
    recordNumber: number,
    offsetNs: number,
    timelineNs: number,
    readNs: number,
    sizeBytes = recordBytes(record),
  ): void {
    this.record = record;
    this.readNs = readNs;
    this.number = number;
    this.sequence = sequence;
    this.recordNumber = recordNumber;
    this.offsetNs = offsetNs;
    this.timelineNs = timelineNs;
    this.timelineEndNs = timelineNs + (record.durationNs ?? 0);
    this.sizeBytes = sizeBytes;
  }

  /** Due times count from here. */
  dueFrom(anchorNs: number): void {
    this.dueNs = anchorNs + this.offsetNs;
    this.readyNs = this.dueNs;
  }

  /** Notes that it leaves now, and that busy connections held it for `heldNs` since it was released. */
  leave(nowNs: number, heldNs: number): void {
    this.sentNs = nowNs;
    if (heldNs === 0 || this.releasedNs === undefined) return;
    const chargedNs = Math.min(Math.round(heldNs), nowNs - this.releasedNs);
    this.releasedNs += chargedNs;
    this.fullNs += chargedNs;
  }

  /** Forgets everything, above all the record, whose body keeps a whole block of the trace from being used again. */
  reset(): void {
    this.record = NO_RECORD;
    this.lease?.giveBack();
    this.lease = undefined;
    this.releasedNs = undefined;
    this.sentNs = undefined;
    this.readingNs = 0;
    this.fullNs = 0;
    this.pacedNs = 0;
    this.stalledNs = 0;
    this.firstAnswerNs = undefined;
    this.doneNs = undefined;
    this.outcome = undefined;
    this.session = undefined;
    this.spell = undefined;
    this.givenUp = undefined;
    this.cancel = undefined;
  }
}

const NO_RECORD = emptyRecord();
