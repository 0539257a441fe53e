import { EngramTraceError } from '../../error.ts';
import { giveBackFrom, type RecordSpan, spansOf } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { Clock } from '../ports.ts';
import type { ReplayOptions } from '../replay-options.ts';
import type { Copier } from './copier.ts';
import { copiedWindow, createCopier } from './copy-sessions.ts';
import { createDueTimes, type DueTimes, type PlannedTimes } from './due-times.ts';
import type { PlanDigest } from './plan-digest.ts';
import type { PlanWatch } from './plan-watch.ts';
import { RecordedStarts } from './recorded-starts.ts';
import type { Selection } from './selection.ts';
import { isInShard } from './shard-of.ts';
import { UpscaledOperations } from './upscale-operations.ts';
import { UpscaledSessions } from './upscale-sessions.ts';

/** Opens the source for one pass: batches of records in the order of their starts. */
export type OpenSource = () => AsyncIterable<TraceRecord[]>;

/** Takes the operations that a plan reader has read. */
export interface PlanSink {
  /**
   * One operation of the plan; `times` and `span` are only valid during the call. The sink gives the record back, where
   * its block has a lease. A promise: wait for it before the next.
   */
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
  /** Opens the source once more beside the first: where arrivals come from that are moved one by one (`--upscale`). */
  openStarts?: OpenSource | undefined;
  /** Told of what is recorded and planned in the first pass. */
  watch?: PlanWatch | undefined;
  /** Told of each record of the first pass that takes no part. */
  onLeftOut?: ((record: TraceRecord) => void) | undefined;
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

/** Operations are planned in the order in which they are read: no copy comes between, and no session is moved. */
export function keepsReadingOrder({
  copies,
  upscale,
  order,
}: Pick<ReplayOptions, 'copies' | 'upscale' | 'order'>): boolean {
  return copies === 1 && (upscale === 1 || order === 'open');
}

/** Operations are planned in that order and at their recorded starts: none is copied, and nothing moved. */
function keepsRecordedStarts({ copies, upscale }: Pick<ReplayOptions, 'copies' | 'upscale'>): boolean {
  return copies === 1 && upscale === 1;
}

/** The trace is read a second time meanwhile: operations are moved one by one. */
export function needsStarts({ upscale, order }: Pick<ReplayOptions, 'upscale' | 'order'>): boolean {
  return upscale > 1 && order === 'open';
}

function recordedStarts({ options, openStarts, selection }: PlanReaderDeps): RecordedStarts | undefined {
  if (!needsStarts(options)) return undefined;
  if (openStarts === undefined) throw new EngramTraceError('usage', 'this trace can be read only once');
  return new RecordedStarts(openStarts(), selection.wouldTake);
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
  /** Nothing has to go through the copier. */
  readonly #isAsRecorded: boolean;
  /** The copier, where it has to be given time to look at what it is to place. */
  readonly #upscaled: UpscaledOperations | undefined;
  readonly #starts: RecordedStarts | undefined;
  #number = 0;
  #kept = 0;
  #batches = 0;
  #span: RecordSpan | undefined;

  constructor(deps: PlanReaderDeps) {
    this.#deps = deps;
    const { options } = deps;
    this.#schedule = deps.schedule ?? planSchedule(options);
    this.#isAsRecorded = keepsRecordedStarts(options);
    this.#starts = recordedStarts(deps);
    this.#upscaled = this.#starts && new UpscaledOperations(options.upscale, this.#starts);
    this.#copier =
      this.#upscaled ?? (options.upscale > 1 ? new UpscaledSessions(options.upscale) : createCopier(options));
  }

  async run(): Promise<void> {
    try {
      await this.#starts?.open();
      this.complete = await this.#readAll();
    } catch (thrown) {
      this.error = EngramTraceError.from(thrown, 'io');
    }
    await this.#starts?.close().catch(() => {});
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
      if (sink.closed) {
        giveBackFrom(batch, 0);
        return false;
      }
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
    const { sink, digest, selection, options, watch, onLeftOut } = this.#deps;
    // A copy of a record stands nowhere, and one that waited is of another batch.
    const spans = keepsReadingOrder(options) ? spansOf(batch) : undefined;
    if (this.#upscaled !== undefined) await this.#upscaled.prepare(batch.length);
    for (let index = 0; index < batch.length; index += 1) {
      const record = batch[index] as TraceRecord;
      const number = this.#number++;
      if (number % SLICE_RECORDS === SLICE_RECORDS - 1) await sink.breath?.();
      this.#span = spans?.of(record, index);
      const isTaken = this.#isMine(record.session) ? selection.takes(record) : selection.wouldTake(record);
      if (!isTaken) {
        if (this.passes === 1) onLeftOut?.(record);
        this.#span?.block.lease?.giveBack();
        continue;
      }
      if (this.passes === 1) {
        digest?.add(record);
        watch?.recorded(record.startNs);
      }
      this.#kept += 1;
      const wait = this.#place(record, number);
      if (wait !== undefined) await wait;
    }
  }

  /** Plans a record, and others that waited for it. Returns a promise where the sink has to be waited for. */
  #place(record: TraceRecord, number: number): Promise<void> | undefined {
    if (this.#isAsRecorded) return this.#planOne(record, number, record.startNs);
    this.#copier.add(record, number);
    return this.#plan();
  }

  /** Plans the records that the copier lets go. */
  #plan(): Promise<void> | undefined {
    for (let copy = this.#copier.take(); copy !== undefined; copy = this.#copier.take()) {
      const wait = this.#planOne(copy.record, copy.number, copy.startNs);
      if (wait !== undefined) return wait.then(() => this.#plan());
    }
    return undefined;
  }

  #planOne(record: TraceRecord, number: number, startNs: number): Promise<void> | undefined {
    this.#schedule.next(startNs);
    if (this.passes === 1) this.#deps.watch?.planned(this.#schedule.dueNs);
    if (!this.#isMine(record.session)) {
      this.#span?.block.lease?.giveBack();
      return undefined;
    }
    return this.#deps.sink.operation(record, number, this.#schedule, this.#recordNumber(number), this.#span);
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
