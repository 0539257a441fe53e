import type { RecordSpan } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { Alarm } from '../clock/alarm.ts';
import type { PlannedTimes } from '../plan/due-times.ts';
import { createPlanReader, type OpenSource, type PlanReader, type PlanSink } from '../plan/plan-reader.ts';
import { createSelection, type Selection } from '../plan/selection.ts';
import type { Clock } from '../ports.ts';
import { createRelease } from '../release/create-release.ts';
import type { Flights } from '../release/flights.ts';
import { InFlight } from '../release/in-flight.ts';
import { Ledger } from '../release/ledger.ts';
import type { Lineup } from '../release/plan-queue.ts';
import type { ReleaseLoop } from '../release/release-loop.ts';
import type { ThinkQueue } from '../release/think-queue.ts';
import type { ReplayOptions } from '../replay-options.ts';
import { HeadStart } from './head-start.ts';
import { type IdleTurnParts, idleTurn } from './idle-turn.ts';
import type { ReplayDeps } from './replay-deps.ts';
import type { ReplayEnd, ReplayStop } from './replay-end.ts';
import { Stopping } from './stopping.ts';

/**
 * Plays a trace: every operation leaves at its due time, after its predecessors, and is settled exactly once.
 * Resolves when everything is settled. A source that breaks ends up in `sourceError`, never in a rejection.
 */
export function replay(openSource: OpenSource, options: ReplayOptions, deps: ReplayDeps): Promise<ReplayEnd> {
  return new Promise((resolve) => {
    new Engine(openSource, options, deps, resolve).run();
  });
}

/** Timeouts, gates and drains are looked at this often. */
const SWEEP_NS = 50e6;

class Engine implements PlanSink {
  closed = false;
  readonly #options: ReplayOptions;
  readonly #deps: ReplayDeps;
  readonly #clock: Clock;
  readonly #resolve: (end: ReplayEnd) => void;
  readonly #selection: Selection;
  readonly #reader: PlanReader;
  readonly #queue: Lineup;
  readonly #thinks: ThinkQueue | undefined;
  readonly #loop: ReleaseLoop;
  readonly #inFlight: InFlight;
  readonly #flights: Flights;
  readonly #ledger: Ledger;
  readonly #turnAlarm: Alarm;
  readonly #sweepAlarm: Alarm;
  readonly #idleParts: IdleTurnParts;
  readonly #headStart: HeadStart;
  readonly #stopping: Stopping;
  readonly #onAbort = (): void => this.#stopNow('interrupted');
  #startNs: number | undefined;
  /** When the first operation of the slice that is being read was there. */
  #readNs = -Infinity;
  #isReading = false;
  /** Inside a turn nothing starts another: whatever an operation sets off is seen by the turn that goes on. */
  #isTurning = false;

  constructor(
    openSource: OpenSource,
    options: ReplayOptions,
    deps: ReplayDeps,
    resolve: (end: ReplayEnd) => void,
  ) {
    const { clock, digest, openStarts, watch, onLeftOut } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#clock = clock;
    this.#resolve = resolve;
    this.#inFlight = deps.inFlight ?? new InFlight();
    this.#headStart = new HeadStart(options);
    this.#stopping = new Stopping(options);
    this.#ledger = new Ledger(deps.observer);
    this.#turnAlarm = new Alarm(clock, () => this.#turn());
    this.#sweepAlarm = new Alarm(clock, () => this.#sweep(), true);
    const { queue, thinks, loop, flights } = createRelease({
      options,
      clock,
      inFlight: this.#inFlight,
      ledger: this.#ledger,
      transports: deps,
      onDone: () => this.#turn(),
    });
    this.#queue = queue;
    this.#thinks = thinks;
    this.#loop = loop;
    this.#flights = flights;
    this.#idleParts = {
      clock,
      queue,
      anchorNs: () => this.#loop.anchorNs,
      isOver: () => this.stopped || this.closed,
    };
    const hasTarget = deps.hasTarget ?? ((record) => deps.transportFor(record) !== undefined);
    this.#selection = createSelection(options, hasTarget);
    const selection = this.#selection;
    this.#reader =
      deps.readPlan?.(this) ??
      createPlanReader({
        openSource,
        options,
        selection,
        digest,
        clock,
        openStarts,
        watch,
        onLeftOut,
        recordNumber: deps.recordNumber,
        sink: this,
      });
  }

  run(): void {
    const { signal } = this.#options;
    if (signal?.aborted === true) this.#stopNow('interrupted');
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#sweep();
    void this.#reader.run().then(() => this.batchEnd());
  }

  // The reader brings the plan.

  get stopped(): boolean {
    return this.#stopping.isEarly;
  }

  operation(
    record: TraceRecord,
    number: number,
    times: PlannedTimes,
    recordNumber: number,
    span: RecordSpan | undefined,
  ): Promise<void> | undefined {
    if (this.closed) {
      span?.block.lease?.giveBack();
      return undefined;
    }
    if (!this.#isReading) this.#noteRead();
    const sequence = this.#ledger.planned();
    if (this.stopped) {
      this.#neverSent(record, number, sequence, recordNumber, times);
      span?.block.lease?.giveBack();
      return undefined;
    }
    if (this.#loop.anchorNs === undefined) this.#headStart.read(times.dueNs, this.#clock.nowNs());
    this.#queue.plan(record, number, sequence, recordNumber, times, this.#readNs, span?.block.lease);
    if (!this.#queue.full) return undefined;
    this.batchEnd();
    return this.#queue.full ? this.#queue.pauseReader() : undefined;
  }

  #neverSent(
    record: TraceRecord,
    number: number,
    sequence: number,
    recordNumber: number,
    { dueNs, timelineNs }: PlannedTimes,
  ): void {
    const flight = this.#flights.take();
    flight.plan(record, number, sequence, recordNumber, dueNs, timelineNs, this.#readNs);
    flight.dueFrom(this.#loop.anchorNs ?? this.#clock.nowNs());
    this.#flights.settle(flight, 'unsent');
  }

  batchEnd(): void {
    this.#isReading = false;
    if (!this.stopped && this.#queue.size > 0 && this.#hasHeadStart()) this.#dropAnchor();
    this.#turn();
  }

  #hasHeadStart(): boolean {
    if (this.#loop.anchorNs !== undefined || this.#deps.anchorNs !== undefined) return true;
    return this.#reader.done || this.#queue.full || this.#headStart.isEnough(this.#clock.nowNs());
  }

  /** What is due sooner than a slice takes to read goes first, as long as enough is there to go. */
  breath(): Promise<void> {
    this.batchEnd();
    return idleTurn(this.#idleParts);
  }

  #noteRead(): void {
    this.#isReading = true;
    if (this.#loop.anchorNs !== undefined) this.#readNs = this.#clock.nowNs();
  }

  #dropAnchor(): void {
    const { anchorNs } = this.#loop;
    if (anchorNs !== undefined) {
      this.#headStart.resumed(anchorNs + this.#queue.nextNs, this.#clock.nowNs());
      return;
    }
    this.#deps.onHeadStart?.();
    this.#startNs = this.#deps.anchorNs ?? this.#clock.nowNs() + this.#options.leadNs;
    this.#loop.anchorNs = this.#startNs;
    // Alone it counts from the earliest due time it hears of, which --behind stretch may move.
    if (this.#deps.anchorNs !== undefined) this.#deps.observer.onStart?.(this.#startNs);
  }

  // Time passes.

  #turn(): void {
    if (this.#isTurning || this.closed) return;
    this.#isTurning = true;
    let nextNs = this.#loop.turn();
    if (this.#loop.isBehind && !this.stopped) {
      this.#stopNow('behind');
      nextNs = this.#loop.turn();
    }
    if (this.#queue.size === 0 && this.#startNs !== undefined) this.#headStart.ranDry();
    this.#drain();
    this.#isTurning = false;
    if (!this.closed) this.#turnAlarm.set(nextNs, this.#loop.thenNs);
  }

  #sweep(): void {
    const nowNs = this.#clock.nowNs();
    this.#isTurning = true;
    this.#flights.sweep(nowNs);
    this.#loop.gate.expire(nowNs);
    this.#isTurning = false;
    this.#sweepAlarm.set(nowNs + SWEEP_NS);
    // A source that has stopped in the middle of its head start (a slow pipe) tells nobody.
    if (this.#startNs === undefined) this.batchEnd();
    else this.#turn();
  }

  #stopNow(why: ReplayStop): void {
    if (this.stopped || this.closed) return;
    this.#stopping.stop(why, this.#clock.nowNs());
    for (let flight = this.#loop.takeUnsent(); flight !== undefined; flight = this.#loop.takeUnsent()) {
      this.#flights.settle(flight, 'unsent');
    }
    this.#queue.resumeReader();
    this.#turn();
  }

  #drain(): void {
    const isPlanOver = this.stopped || (this.#reader.done && this.#loop.isIdle);
    if (!isPlanOver) return;
    const nowNs = this.#clock.nowNs();
    if (this.#stopping.isDrainOver(nowNs)) this.#inFlight.cutOff(nowNs);
    const isCounted = this.#reader.done || this.#stopping.isCountOver(nowNs);
    if (this.#inFlight.size === 0 && isCounted) this.#finish(nowNs);
  }

  #finish(nowNs: number): void {
    this.closed = true;
    this.#turnAlarm.set(Infinity);
    this.#sweepAlarm.set(Infinity);
    this.#flights.stop();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const { error: sourceError, complete, passes } = this.#reader;
    this.#resolve({
      accounting: this.#ledger.sums,
      excluded: this.#selection.excluded,
      dangers: this.#selection.dangers,
      planComplete: complete,
      stop: this.#stopping.why === 'end' && sourceError !== undefined ? 'source_error' : this.#stopping.why,
      sourceError,
      startNs: this.#startNs,
      lastDueNs: this.#loop.lastDueNs,
      lastReleaseNs: this.#loop.lastReleaseNs,
      endNs: nowNs,
      stretchedNs: this.#loop.stretchedNs,
      passes,
      maxInFlight: this.#inFlight.peak,
      maxHeld: this.#loop.maxHeld,
      lateReleases: this.#loop.lateReleases,
      underruns: this.#headStart.underruns + (this.#thinks?.readLate ?? 0),
      stalls: this.#loop.meter.stalls,
      heldLimitHits: this.#loop.heldLimitHits,
    });
  }
}
