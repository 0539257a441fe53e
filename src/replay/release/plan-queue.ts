import { emptyList } from '../../stable-shapes.ts';
import type { BlockLease } from '../../trace/block/block-lease.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { recordBytes } from '../../trace/record/record-bytes.ts';
import type { PlannedTimes } from '../plan/due-times.ts';
import type { Flight } from './flight.ts';
import { PausedReader } from './paused-reader.ts';

/** What was read ahead and is not due yet, bounded in records and bytes: one side fills it, the other empties it. */
export interface Lineup {
  readonly size: number;
  readonly full: boolean;
  /** When the next operation is due, in ns after the anchor; Infinity where there is none, or that is not known yet. */
  readonly nextNs: number;
  /** Takes in an operation, and what its record is given back to. `times` are only valid during the call. */
  plan(
    record: TraceRecord,
    number: number,
    sequence: number,
    recordNumber: number,
    times: PlannedTimes,
    readNs: number,
    lease?: BlockLease,
  ): void;
  /** Takes the operation that is due next out of the queue, where that is known. */
  shift(): Flight | undefined;
  /** Takes any one out, whether its time is known or not. */
  takeAny(): Flight | undefined;
  /** Resolves when it is half empty again (filling it record by record would wake the reader for each). */
  pauseReader(): Promise<void>;
  /** Lets a waiting reader go on, whatever is in it. */
  resumeReader(): void;
  /** When the operation after the next is due, in ns after the anchor; Infinity where that is not easily told. */
  readonly afterNextNs: number;
}

const FIRST_ROOM = 1024;
/** Figures of one operation: as many bytes as a line of the processor's cache has. */
const STRIDE = 8;
const OFFSET = 0;
const TIMELINE = 1;
const READ = 2;
const NUMBER = 3;
const SEQUENCE = 4;
const RECORD_NUMBER = 5;
const SIZE = 6;

/**
 * The plan in its own order: due times are known when it is read, and only grow. An operation waits behind thousands of
 * others; as a flight each it would be a large object in cold memory by then, so it is one only from the moment it is due.
 */
export class PlanQueue implements Lineup {
  size = 0;
  readonly #takeFlight: () => Flight;
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #reader = new PausedReader();
  /** Rings of the same length, a power of two. */
  #records = emptyRing<TraceRecord>(FIRST_ROOM);
  #leases = emptyRing<BlockLease>(FIRST_ROOM);
  #figures = new Float64Array(FIRST_ROOM * STRIDE);
  #first = 0;
  #sizeBytes = 0;

  constructor(maxRecords: number, maxBytes: number, takeFlight: () => Flight) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
    this.#takeFlight = takeFlight;
  }

  get full(): boolean {
    return this.size >= this.#maxRecords || this.#sizeBytes >= this.#maxBytes;
  }

  get nextNs(): number {
    return this.size === 0 ? Infinity : (this.#figures[this.#first * STRIDE + OFFSET] as number);
  }

  get afterNextNs(): number {
    if (this.size < 2) return Infinity;
    const slot = (this.#first + 1) & (this.#records.length - 1);
    return this.#figures[slot * STRIDE + OFFSET] as number;
  }

  plan(
    record: TraceRecord,
    number: number,
    sequence: number,
    recordNumber: number,
    { dueNs, timelineNs }: PlannedTimes,
    readNs: number,
    lease?: BlockLease,
  ): void {
    if (this.size === this.#records.length) this.#grow();
    const slot = (this.#first + this.size) & (this.#records.length - 1);
    const figures = this.#figures;
    const at = slot * STRIDE;
    figures[at + OFFSET] = dueNs;
    figures[at + TIMELINE] = timelineNs;
    figures[at + READ] = readNs;
    figures[at + NUMBER] = number;
    figures[at + SEQUENCE] = sequence;
    figures[at + RECORD_NUMBER] = recordNumber;
    const sizeBytes = recordBytes(record);
    figures[at + SIZE] = sizeBytes;
    this.#records[slot] = record;
    this.#leases[slot] = lease;
    this.size += 1;
    this.#sizeBytes += sizeBytes;
  }

  shift(): Flight | undefined {
    const slot = this.#first;
    const record = this.#records[slot];
    if (this.size === 0 || record === undefined) return undefined;
    const flight = this.#flightOf(record, slot * STRIDE);
    flight.lease = this.#leases[slot];
    this.#records[slot] = undefined;
    this.#leases[slot] = undefined;
    this.#first = (slot + 1) & (this.#records.length - 1);
    this.size -= 1;
    this.#sizeBytes -= flight.sizeBytes;
    if (this.#reader.isPaused && this.#halfEmpty()) this.resumeReader();
    return flight;
  }

  takeAny(): Flight | undefined {
    return this.shift();
  }

  pauseReader(): Promise<void> {
    return this.#reader.pause();
  }

  resumeReader(): void {
    this.#reader.resume();
  }

  #flightOf(record: TraceRecord, at: number): Flight {
    const figures = this.#figures;
    const flight = this.#takeFlight();
    flight.plan(
      record,
      figures[at + NUMBER] as number,
      figures[at + SEQUENCE] as number,
      figures[at + RECORD_NUMBER] as number,
      figures[at + OFFSET] as number,
      figures[at + TIMELINE] as number,
      figures[at + READ] as number,
      figures[at + SIZE] as number,
    );
    return flight;
  }

  #halfEmpty(): boolean {
    return this.size * 2 <= this.#maxRecords && this.#sizeBytes * 2 <= this.#maxBytes;
  }

  /** Twice the room, the first operation in front. */
  #grow(): void {
    const [records, figures, first] = [this.#records, this.#figures, this.#first];
    const room = 2 * records.length;
    this.#records = grown(records, first);
    this.#leases = grown(this.#leases, first);
    this.#figures = new Float64Array(room * STRIDE);
    this.#figures.set(figures.subarray(first * STRIDE));
    this.#figures.set(figures.subarray(0, first * STRIDE), (records.length - first) * STRIDE);
    this.#first = 0;
  }
}

function grown<T extends object>(ring: readonly (T | undefined)[], first: number): (T | undefined)[] {
  return [...ring.slice(first), ...ring.slice(0, first), ...emptyRing<T>(ring.length)];
}

function emptyRing<T extends object>(room: number): (T | undefined)[] {
  const ring = emptyList<T | undefined>();
  for (let i = 0; i < room; i += 1) ring.push(undefined);
  return ring;
}
