import { EngramTraceError } from '../../error.ts';
import { type RecordSpan, spansOf } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { Clock } from '../ports.ts';
import type { ReplayOptions } from '../replay-options.ts';
import { type Copier, copiedWindow, createCopier } from './copy-sessions.ts';
import { createDueTimes, type DueTimes, type PlannedTimes } from './due-times.ts';
import type { PlanDigest } from './plan-digest.ts';
import type { Selection } from './selection.ts';
import { isInShard } from './shard-of.ts';

/** Opens the source for one pass: batches of records in the order of their starts. */
export type OpenSource = () => AsyncIterable<TraceRecord[]>;

/** Takes the operations that a plan reader has read. */
export interface PlanSink {
  /** One operation of the plan; `times` and `span` are only valid during the call. A promise: wait for it before the next. */
  operation(
    record: TraceRecord,
    number: number,
    times: PlannedTimes,
    recordNumber: number,
    span: RecordSpan | undefined,
  ): Promise<void> | undefined;
  /** The end of a batch. */
  batchEnd(): void;
  /** Asked between slices of a batch. A promise: others need the thread, wait for it before the next slice. */
  breath?(): Promise<void> | undefined;
  /** The replay stopped: what follows is only counted. */
  readonly stopped: boolean;
  /** The replay is over. */
  readonly closed: boolean;
}

/** Reads a trace, pass by pass, into a plan. */
export interface PlanReader {
  /** Passes begun. */
  readonly passes: number;
  readonly done: boolean;
  /** Every operation of the plan was seen. */
  readonly complete: boolean;
  readonly error: EngramTraceError | undefined;
  /** Never rejects. */
  run(): Promise<void>;
}

export interface PlanReaderDeps {
  openSource: OpenSource;
  options: ReplayOptions;
  selection: Selection;
  digest: PlanDigest | undefined;
  /** For who reads on although the replay has stopped. */
  clock?: Clock | undefined;
  /** That of `planSchedule`, where somebody else wants to look at it. */
  schedule?: DueTimes | undefined;
  /** Number in its trace file of the record that was read as that one; the same where undefined. */
  recordNumber?: ((readNumber: number) => number) | undefined;
  sink: PlanSink;
}

/** When the operations of a plan with these options are due. */
export function planSchedule(options: ReplayOptions): DueTimes {
  return createDueTimes({ ...options, window: copiedWindow(options.window, options) });
}

export function createPlanReader(deps: PlanReaderDeps): PlanReader {
  return new Reader(deps);
}

/** Records between two breaths: about a tenth of a millisecond of work. */
const SLICE_RECORDS = 64;
/** Counting what was left must not keep answers and signals waiting: the event loop turns this often. */
const BATCHES_PER_TURN = 8;

class Reader implements PlanReader {
  passes = 0;
  done = false;
  complete = false;
  error: EngramTraceError | undefined;
  readonly #deps: PlanReaderDeps;
  readonly #schedule: DueTimes;
  readonly #copier: Copier;
  #number = 0;
  #kept = 0;
  #batches = 0;
  #span: RecordSpan | undefined;

  constructor(deps: PlanReaderDeps) {
    this.#deps = deps;
    const { options } = deps;
    this.#schedule = deps.schedule ?? planSchedule(options);
    this.#copier = createCopier(options);
  }

  async run(): Promise<void> {
    try {
      this.complete = await this.#readAll();
    } catch (thrown) {
      this.error = EngramTraceError.from(thrown, 'io');
    }
    this.done = true;
  }

  async #readAll(): Promise<boolean> {
    const { options, sink } = this.#deps;
    for (let pass = 0; pass < options.loops; pass += 1) {
      // What is left of an endless plan can't be counted.
      if (sink.closed || (sink.stopped && options.loops === Infinity)) return false;
      if (pass > 0) this.#schedule.nextPass();
      this.passes += 1;
      const before = this.#kept;
      if (!(await this.#readPass())) return false;
      // Another pass over a trace with nothing to send would bring nothing either.
      if (this.#kept === before) break;
    }
    return true;
  }

  async #readPass(): Promise<boolean> {
    const { openSource, sink } = this.#deps;
    for await (const batch of openSource()) {
      if (sink.closed) return false;
      await this.#readBatch(batch);
      sink.batchEnd();
      this.#batches += 1;
      if (sink.stopped && this.#batches % BATCHES_PER_TURN === 0) await this.#turn();
    }
    this.#copier.end();
    this.#span = undefined;
    await this.#plan();
    sink.batchEnd();
    return true;
  }

  async #readBatch(batch: TraceRecord[]): Promise<void> {
    const { sink, digest, selection, options } = this.#deps;
    // A copy of a record stands nowhere.
    const spans = options.copies === 1 ? spansOf(batch) : undefined;
    for (let index = 0; index < batch.length; index += 1) {
      const record = batch[index] as TraceRecord;
      const number = this.#number++;
      if (number % SLICE_RECORDS === SLICE_RECORDS - 1) await sink.breath?.();
      if (!(this.#isMine(record.session) ? selection.takes(record) : selection.wouldTake(record))) continue;
      if (this.passes === 1) digest?.add(record);
      this.#kept += 1;
      this.#span = spans?.of(record, index);
      this.#copier.add(record, number);
      const wait = this.#plan();
      if (wait !== undefined) await wait;
    }
  }

  /** Plans the records that the copier lets go. Returns a promise where the sink has to be waited for. */
  #plan(): Promise<void> | undefined {
    for (let copy = this.#copier.take(); copy !== undefined; copy = this.#copier.take()) {
      this.#schedule.next(copy.record.startNs);
      const { record, number } = copy;
      if (!this.#isMine(record.session)) continue;
      const wait = this.#deps.sink.operation(
        record,
        number,
        this.#schedule,
        this.#recordNumber(number),
        this.#span,
      );
      if (wait !== undefined) return wait.then(() => this.#plan());
    }
    return undefined;
  }

  /** What other shards play is read all the same: due times are those of the whole plan. */
  #isMine(session: string): boolean {
    return isInShard(session, this.#deps.options.shard);
  }

  #recordNumber(number: number): number {
    const { recordNumber, options } = this.#deps;
    const readNumber = options.copies === 1 ? number : Math.floor(number / options.copies);
    return recordNumber === undefined ? readNumber : recordNumber(readNumber);
  }

  #turn(): Promise<void> {
    const { clock } = this.#deps;
    return new Promise((resolve) => {
      if (clock === undefined) setImmediate(resolve);
      else clock.at(clock.nowNs(), resolve);
    });
  }
}
