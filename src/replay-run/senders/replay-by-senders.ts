import type { EngramTraceError } from '../../error.ts';
import {
  emptyAccounting,
  type ReplayAccounting,
  type ReplayEnd,
  type ReplayStop,
} from '../../replay/engine/replay-end.ts';
import type { PlanDigest } from '../../replay/plan/plan-digest.ts';
import {
  createPlanReader,
  type OpenSource,
  type PlanReader,
  type PlanSink,
} from '../../replay/plan/plan-reader.ts';
import type { PlannedTimes } from '../../replay/plan/schedule.ts';
import { createSelection, type Selection } from '../../replay/plan/selection.ts';
import type { Clock, ReplayObserver } from '../../replay/ports.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { addUpEnds, book } from './add-up-ends.ts';
import type { EventCursor } from './event-columns.ts';
import { EventMerge } from './event-merge.ts';
import type { FromSender } from './messages.ts';
import { OpenOperation } from './open-operation.ts';
import type { SenderLane } from './sender-lane.ts';
import type { PoolListener, SenderPool } from './sender-pool.ts';
import { senderOf } from './share.ts';

export interface SharedReplayDeps {
  clock: Clock;
  /** Hears of all operations, in the order in which things happened. */
  observer: ReplayObserver;
  digest?: PlanDigest | undefined;
  /** Whether somebody sends this record; without it, somebody does. */
  hasTarget?: ((record: TraceRecord) => boolean) | undefined;
}

/**
 * What `replay` does, by the senders of a pool: the plan is read and scheduled here, each session goes to one sender,
 * and what they tell is put into one order and observed here. So plan, results and memory are those of one engine.
 * Resolves when everything is settled; a sender that dies ends the replay (`sender_died`).
 */
export function replayBySenders(
  openSource: OpenSource,
  options: ReplayOptions,
  deps: SharedReplayDeps,
  pool: SenderPool,
): Promise<ReplayEnd> {
  return new Promise((resolve) => {
    new SharedReplay(openSource, options, deps, pool, resolve).run();
  });
}

/** How long what is left of a plan may be counted after an early stop. */
const COUNT_LIMIT_NS = 2e9;
const LOOK_EVERY_NS = 1e9;
/** Looks without a word from a sender (they tell something ten times a second) until it is given up. */
const SILENT_LOOKS = 30;

class SharedReplay implements PlanSink, PoolListener {
  closed = false;
  readonly #options: ReplayOptions;
  readonly #deps: SharedReplayDeps;
  readonly #pool: SenderPool;
  readonly #resolve: (end: ReplayEnd) => void;
  readonly #selection: Selection;
  readonly #reader: PlanReader;
  readonly #merge: EventMerge;
  /** By number: planned and not settled. */
  readonly #open = new Map<number, OpenOperation>();
  /** Settled operations of the senders that did not live to tell their own sums, and those no sender ever had. */
  readonly #sums: ReplayAccounting = emptyAccounting();
  /** Settled operations by sender, as they were told. */
  readonly #told: ReplayAccounting[];
  readonly #onAbort = (): void => this.#stopNow('interrupted');
  #stop: ReplayStop = 'end';
  #stoppedNs: number | undefined;
  #senderError: EngramTraceError | undefined;
  #anchorNs: number | undefined;
  #isStartSet = false;
  #sequence = 0;
  #inFlight = 0;
  #mostInFlight = 0;
  #cancelLook: () => void = () => {};

  constructor(
    openSource: OpenSource,
    options: ReplayOptions,
    deps: SharedReplayDeps,
    pool: SenderPool,
    resolve: (end: ReplayEnd) => void,
  ) {
    this.#options = options;
    this.#deps = deps;
    this.#pool = pool;
    this.#resolve = resolve;
    this.#selection = createSelection(options, deps.hasTarget ?? (() => true));
    const { clock, digest } = deps;
    const selection = this.#selection;
    this.#reader = createPlanReader({ openSource, options, selection, digest, clock, sink: this });
    this.#merge = new EventMerge(pool.lanes.length, (event, sender) => this.#happened(event, sender));
    this.#told = pool.lanes.map(() => emptyAccounting());
  }

  run(): void {
    this.#pool.listen(this);
    const { signal } = this.#options;
    if (signal?.aborted === true) this.#stopNow('interrupted');
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#look();
    void this.#reader.run().then(() => this.#planRead());
  }

  // The reader brings the plan.

  get stopped(): boolean {
    return this.#stoppedNs !== undefined;
  }

  operation(record: TraceRecord, number: number, times: PlannedTimes): Promise<void> | undefined {
    if (this.closed) return undefined;
    const sender = senderOf(record.session, this.#pool.lanes.length);
    const operation = new OpenOperation(record, number, this.#sequence++, sender, times.dueNs);
    const lane = this.#pool.lanes[sender] as SenderLane;
    if (this.stopped || lane.isOver) {
      this.#settleHere(operation);
      return undefined;
    }
    this.#open.set(number, operation);
    this.#startSoon();
    lane.add(record, number, times);
    if (!lane.isFull) return undefined;
    this.#dropAnchor();
    this.batchEnd();
    return lane.isFull ? lane.room() : undefined;
  }

  batchEnd(): void {
    if (this.stopped) return;
    for (const lane of this.#pool.lanes) lane.flushIfIdle();
  }

  /** The senders have something to say as well. */
  breath(): Promise<void> {
    this.batchEnd();
    const { clock } = this.#deps;
    return new Promise((resolve) => {
      clock.at(clock.nowNs(), resolve);
    });
  }

  /** The replay begins when a sender has all it may have, or shortly after the first operation was read. */
  #startSoon(): void {
    if (this.#anchorNs !== undefined || this.#isStartSet) return;
    this.#isStartSet = true;
    const { clock } = this.#deps;
    clock.at(clock.nowNs() + this.#options.leadNs, () => this.#dropAnchor(), true);
  }

  #dropAnchor(): void {
    if (this.#anchorNs !== undefined || this.stopped || this.closed) return;
    this.#anchorNs = this.#deps.clock.nowNs() + this.#options.leadNs;
    this.#pool.post({ kind: 'start', anchorNs: this.#anchorNs });
  }

  #planRead(): void {
    if (!this.stopped) {
      for (const lane of this.#pool.lanes) lane.flush();
      if (this.#isStartSet) this.#dropAnchor();
      // Nothing was planned: they have nothing to play, and say so.
      else this.#startAll();
      this.#pool.post({ kind: 'end' });
    }
    this.#finishIfOver();
  }

  #startAll(): void {
    this.#pool.post({ kind: 'start', anchorNs: this.#deps.clock.nowNs() });
  }

  // The senders tell.

  told(lane: SenderLane, message: FromSender): void {
    if (message.kind === 'events') this.#merge.add(lane.number, message.chunk);
    else if (message.kind === 'taken') lane.taken();
    else if (message.kind === 'stopped') this.#stopNow('behind');
    else if (message.kind === 'ended') {
      if (message.end.stop === 'behind') this.#stopNow('behind');
      this.#laneOver(lane);
    }
  }

  died(lane: SenderLane, error: EngramTraceError): void {
    this.#senderError ??= error;
    this.#stopNow('sender_died');
    // Also where it was stopping for another reason: what a dead sender did is not known.
    this.#stop = 'sender_died';
    this.#laneOver(lane);
  }

  #laneOver(lane: SenderLane): void {
    lane.release();
    this.#merge.end(lane.number);
    this.#inFlight -= lane.inFlight;
    lane.inFlight = 0;
    this.#finishIfOver();
  }

  #happened(event: EventCursor, sender: number): void {
    const operation = this.#open.get(event.operation);
    if (operation === undefined) return;
    this.#setInFlight(sender, event.inFlight);
    event.copyTo(operation);
    const { disposition } = event;
    if (disposition === undefined) {
      this.#deps.observer.onSent(operation, this.#inFlight);
      return;
    }
    this.#open.delete(operation.number);
    book(this.#told[sender] as ReplayAccounting, disposition);
    this.#deps.observer.onSettled(operation, disposition, this.#inFlight);
  }

  #setInFlight(sender: number, inFlight: number): void {
    const lane = this.#pool.lanes[sender] as SenderLane;
    this.#inFlight += inFlight - lane.inFlight;
    lane.inFlight = inFlight;
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#inFlight);
  }

  /** No sender has it, or none any more. */
  #settleHere(operation: OpenOperation): void {
    const nowNs = this.#deps.clock.nowNs();
    const disposition = operation.sentNs === undefined ? 'unsent' : 'cut_off';
    if (disposition === 'cut_off') operation.doneNs = nowNs;
    else operation.dueNs = operation.readyNs = (this.#anchorNs ?? nowNs) + operation.offsetNs;
    book(this.#sums, disposition);
    this.#deps.observer.onSettled(operation, disposition, this.#inFlight);
  }

  // Time passes.

  #look(): void {
    for (const lane of this.#pool.lanes) {
      if (lane.isOver) continue;
      lane.silentLooks += 1;
      if (lane.silentLooks > SILENT_LOOKS)
        this.#pool.kill(lane, `nothing was heard of it for ${SILENT_LOOKS} s`);
    }
    if (this.closed) return;
    const { clock } = this.#deps;
    this.#cancelLook = clock.at(clock.nowNs() + LOOK_EVERY_NS, () => this.#look(), true);
    this.#finishIfOver();
  }

  #stopNow(why: ReplayStop): void {
    if (this.stopped || this.closed) return;
    this.#stop = why;
    this.#stoppedNs = this.#deps.clock.nowNs();
    this.#pool.post({ kind: 'stop' });
    if (this.#anchorNs === undefined) this.#startAll();
    this.#pool.post({ kind: 'end' });
    for (const lane of this.#pool.lanes) lane.release();
  }

  #finishIfOver(): void {
    if (this.closed || this.#pool.lanes.some(({ isOver }) => !isOver)) return;
    const nowNs = this.#deps.clock.nowNs();
    const isCounted = this.#reader.done || nowNs - (this.#stoppedNs ?? nowNs) >= COUNT_LIMIT_NS;
    if (isCounted) this.#finish(nowNs);
  }

  #finish(nowNs: number): void {
    this.closed = true;
    this.#cancelLook();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    for (const operation of this.#open.values()) this.#settleHere(operation);
    this.#open.clear();
    const { error: sourceError, complete, passes } = this.#reader;
    this.#resolve({
      ...addUpEnds(
        this.#pool.lanes.map(({ end }) => end),
        this.#told,
        this.#sums,
      ),
      excluded: this.#selection.excluded,
      dangers: this.#selection.dangers,
      planComplete: complete,
      stop: this.#stop === 'end' && sourceError !== undefined ? 'source_error' : this.#stop,
      sourceError,
      senderError: this.#senderError,
      startNs: this.#anchorNs,
      endNs: nowNs,
      passes,
      maxInFlight: this.#mostInFlight,
    });
  }
}
