import type { EngramTraceError } from '../../error.ts';
import { emptyAccounting, type ReplayAccounting } from '../../replay/accounting.ts';
import type { ReplayEnd, ReplayStop } from '../../replay/engine/replay-end.ts';
import type { PlannedTimes } from '../../replay/plan/due-times.ts';
import {
  createClientsReader,
  type FirstOperations,
  planFirstOperations,
} from '../../replay/plan/first-operations.ts';
import {
  createPlanReader,
  keepsReadingOrder,
  type OpenSource,
  type PlanReader,
  type PlanSink,
} from '../../replay/plan/plan-reader.ts';
import { createSelection, type Selection } from '../../replay/plan/selection.ts';
import { shardOf } from '../../replay/plan/shard-of.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { ArrivalBatch } from '../../results/arrivals/arrival-collector.ts';
import type { RecordSpan } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { addUpEnds, bookAll } from './add-up-ends.ts';
import { LostOperations } from './lost-operations.ts';
import type { FromShard, ShardNews } from './messages.ts';
import type { ShardHandle } from './shard-handle.ts';
import type { PoolListener, ShardPool } from './shard-pool.ts';
import type { ShardedReplayDeps } from './sharded-replay-deps.ts';

/**
 * What `replay` does, by the shards of a pool: the plan is read and scheduled here, each session goes to one shard,
 * which sends, counts and writes its rows of the replay log by itself; ten times a second it tells what was added, and
 * that is added up here. So the results are those of one engine. Resolves when everything is settled; a shard that
 * dies ends the replay (`sender_died`).
 */
export function replayByShards(
  openSource: OpenSource,
  options: ReplayOptions,
  deps: ShardedReplayDeps,
  pool: ShardPool,
): Promise<ReplayEnd> {
  return new Promise((resolve) => {
    new ShardedReplay(openSource, options, deps, pool, resolve).run();
  });
}

/** How long what is left of a plan may be counted after an early stop. */
const COUNT_LIMIT_NS = 2e9;
const LOOK_EVERY_NS = 1e9;
/** Looks without a word from a shard (it tells something ten times a second) until it is given up. */
const SILENT_LOOKS = 30;

class ShardedReplay implements PlanSink, PoolListener {
  closed = false;
  readonly #options: ReplayOptions;
  readonly #deps: ShardedReplayDeps;
  readonly #pool: ShardPool;
  readonly #resolve: (end: ReplayEnd) => void;
  readonly #selection: Selection;
  readonly #reader: PlanReader;
  readonly #lost: LostOperations;
  /** Settled operations by shard, as they were told. */
  readonly #told: ReplayAccounting[];
  readonly #onAbort = (): void => this.#stopNow('interrupted');
  #stop: ReplayStop = 'end';
  #stoppedNs: number | undefined;
  #shardError: EngramTraceError | undefined;
  #anchorNs: number | undefined;
  /** Offset of the latest operation of the plan so far. */
  #plannedToNs = 0;
  /** Every operation is read here; false: what follows on answers is known to its shard alone. */
  readonly #hasWholePlan: boolean;
  /** Due times rise as the plan is read. */
  readonly #isInOrder: boolean;
  #isStartSet = false;
  #cancelLook: () => void = () => {};

  constructor(
    openSource: OpenSource,
    options: ReplayOptions,
    deps: ShardedReplayDeps,
    pool: ShardPool,
    resolve: (end: ReplayEnd) => void,
  ) {
    this.#options = options;
    this.#deps = deps;
    this.#pool = pool;
    this.#resolve = resolve;
    this.#hasWholePlan = deps.clients === undefined;
    this.#isInOrder = this.#hasWholePlan && options.timing.kind !== 'think' && keepsReadingOrder(options);
    this.#selection = createSelection(options, deps.hasTarget ?? (() => true));
    const { clock, digest, recordNumber, openStarts, watch, onLeftOut, clients } = deps;
    const selection = this.#selection;
    this.#reader =
      clients === undefined
        ? createPlanReader({
            openSource,
            options,
            selection,
            digest,
            clock,
            recordNumber,
            openStarts,
            watch,
            onLeftOut,
            sink: this,
          })
        : createClientsReader(() => this.#planClients({ openSource, digest, ...clients }));
    this.#lost = new LostOperations(pool.shards.length, [deps.recorder, deps.log?.lost]);
    this.#told = pool.shards.map(() => emptyAccounting());
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
    const { shards } = this.#pool;
    const shard = shards[shardOf(record.session, shards.length, this.#options.shard?.of)] as ShardHandle;
    this.#plannedToNs = times.dueNs;
    const isLeft = this.stopped || shard.isOver;
    if (this.#hasWholePlan || isLeft) {
      const sequence = this.#lost.planned(shard.number, record, number, recordNumber, times.dueNs);
      if (isLeft) this.#lost.unsent(shard.number, sequence, this.#anchorNs ?? this.#deps.clock.nowNs());
    }
    if (!isLeft) {
      this.#startSoon();
      shard.add(record, number, times, recordNumber, span);
    }
    // The shard has a copy.
    span?.block.lease?.giveBack();
    if (isLeft) return undefined;
    if (!shard.isFull) return undefined;
    this.#dropAnchor();
    this.batchEnd();
    return shard.isFull ? shard.pauseReader() : undefined;
  }

  batchEnd(): void {
    if (this.stopped) return;
    for (const shard of this.#pool.shards) shard.flushIfIdle();
  }

  async #planClients(first: FirstOperations): Promise<boolean> {
    await planFirstOperations(first, this);
    return true;
  }

  /** The shards have something to say as well. */
  breath(): Promise<void> {
    this.batchEnd();
    const { clock } = this.#deps;
    return new Promise((resolve) => {
      clock.at(clock.nowNs(), resolve);
    });
  }

  /** The replay begins when a shard has all it may have, or shortly after the first operation was read. */
  #startSoon(): void {
    if (this.#anchorNs !== undefined || this.#isStartSet) return;
    this.#isStartSet = true;
    const { clock } = this.#deps;
    clock.at(clock.nowNs() + this.#options.leadNs, () => this.#dropAnchor(), true);
  }

  #dropAnchor(): void {
    if (this.#anchorNs !== undefined || this.stopped || this.closed) return;
    this.#anchorNs = this.#deps.clock.nowNs() + this.#options.leadNs;
    this.#deps.recorder.onStart(this.#anchorNs);
    this.#pool.post({ kind: 'start', anchorNs: this.#anchorNs });
  }

  #planRead(): void {
    if (!this.stopped) {
      for (const shard of this.#pool.shards) shard.flush();
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

  // The shards tell.

  told(shard: ShardHandle, message: FromShard): void {
    if (message.kind === 'news') this.#add(shard, message.news);
    else if (message.kind === 'taken') shard.taken();
    else if (message.kind === 'stopped') this.#stopNow('behind');
    else if (message.kind === 'ended') {
      if (message.end.stop === 'behind') this.#stopNow('behind');
      this.#shardOver(shard);
    }
  }

  #add({ number, giveBack }: ShardHandle, { tally, arrivals, settled, open, log }: ShardNews): void {
    if (this.#hasWholePlan) this.#lost.told(number, settled, open, arrivals.next);
    this.#deps.recorder.add(number, tally, this.#upToNow(number, arrivals));
    if (tally.dispositions !== undefined) bookAll(this.#told[number] as ReplayAccounting, tally.dispositions);
    for (const block of log) this.#deps.log?.append(block, giveBack);
  }

  /** What an idle shard is given next is due after all that was planned so far: the others need not wait for it. */
  #upToNow(shard: number, arrivals: ArrivalBatch): ArrivalBatch {
    if (this.#anchorNs === undefined || !this.#isInOrder || !this.#lost.isIdle(shard)) return arrivals;
    return { ...arrivals, dueUpToNs: Math.max(arrivals.dueUpToNs, this.#anchorNs + this.#plannedToNs) };
  }

  died(shard: ShardHandle, error: EngramTraceError): void {
    this.#shardError ??= error;
    this.#stopNow('sender_died');
    // Also where it was stopping for another reason: what a dead shard did is not known.
    this.#stop = 'sender_died';
    this.#shardOver(shard);
  }

  #shardOver(shard: ShardHandle): void {
    shard.resumeReader();
    this.#deps.recorder.end(shard.number, this.#waitingNs(shard));
    this.#finishIfOver();
  }

  /** What the statistics of a shard that died still waited for; due times that are sorted here don't wait there. */
  #waitingNs({ number, end }: ShardHandle): Float64Array {
    if (end !== undefined || !this.#isInOrder) return new Float64Array(0);
    const anchorNs = this.#anchorNs ?? 0;
    return Float64Array.from(this.#lost.waitingNs(number), (offsetNs) => anchorNs + offsetNs);
  }

  // Time passes.

  #look(): void {
    for (const shard of this.#pool.shards) {
      if (shard.isOver) continue;
      shard.silentLooks += 1;
      if (shard.silentLooks > SILENT_LOOKS)
        this.#pool.kill(shard, `nothing was heard of it for ${SILENT_LOOKS} s`);
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
    for (const shard of this.#pool.shards) shard.resumeReader();
  }

  #finishIfOver(): void {
    if (this.closed || this.#pool.shards.some(({ isOver }) => !isOver)) return;
    const nowNs = this.#deps.clock.nowNs();
    const isCounted = this.#reader.done || nowNs - (this.#stoppedNs ?? nowNs) >= COUNT_LIMIT_NS;
    if (isCounted) this.#finish(nowNs);
  }

  #finish(nowNs: number): void {
    this.closed = true;
    this.#cancelLook();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#lost.settleRest(this.#anchorNs ?? nowNs, nowNs);
    const { error: sourceError, complete, passes } = this.#reader;
    const isWhole = this.#hasWholePlan || this.#pool.shards.every(({ end }) => end?.planComplete);
    this.#resolve({
      ...addUpEnds(
        this.#pool.shards.map(({ end }) => end),
        this.#told,
        this.#lost.accounting,
      ),
      excluded: this.#selection.excluded,
      dangers: this.#selection.dangers,
      planComplete: complete && isWhole,
      stop: this.#stop === 'end' && sourceError !== undefined ? 'source_error' : this.#stop,
      sourceError,
      senderError: this.#shardError,
      startNs: this.#anchorNs,
      endNs: nowNs,
      passes,
    });
  }
}
