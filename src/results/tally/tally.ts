import type { Disposition, Operation, ReplayObserver } from '../../replay/ports.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { ErrorGroups } from '../answers/error-groups.ts';
import { statusClass } from '../answers/status-class.ts';
import { addSums, drainSums } from '../histogram/sums.ts';
import { DriftLine } from './drift.ts';
import { EndlessCounts } from './endless-metrics.ts';
import { FirstInSpace } from './first-in-space.ts';
import { HeaderCounts } from './header-counts.ts';
import { InversionCounter } from './inversions.ts';
import { LatenessAttribution } from './lateness-attribution.ts';
import { LatenessCauses } from './lateness-causes.ts';
import { type LeftOut, LeftOutCount } from './left-out-count.ts';
import { type OpMetrics, OpTable } from './op-metrics.ts';
import { OpWindows } from './op-windows.ts';
import { hasNoDuration, recordFirstAnswer, recordLatencies, responseTimeNs } from './operation-latency.ts';
import { countStream, emptyStreamCounts, STREAM_COUNT_NAMES, type StreamCounts } from './stream-metrics.ts';
import { ALL_DISPOSITIONS, COUNT_NAMES, type CountName, type TallyPart } from './tally-part.ts';
import { TargetTable } from './target-metrics.ts';
import { Windows } from './windows.ts';

export interface TallyOptions {
  /** The rate multiplier; undefined where due times don't follow the recording. */
  timeScale: number | undefined;
  /** The clients' next operations follow on answers: response times count from the send. */
  isClosedLoop?: boolean | undefined;
  /**
   * All operations that come before this one in the plan were sent or never will be; asked now and then. Without it, the
   * last operation of every session is kept to the end.
   */
  settledBelow?: (() => number) | undefined;
  /** Tells hits from misses of answered operations, where the dialect knows a cache. */
  cacheResult?: ((operation: Operation) => 'hit' | 'miss' | undefined) | undefined;
  /** The place of a session's target; undefined where there is one target. */
  targetOf?: ((session: string) => number) | undefined;
  /** Answers are counted by the value of a header. */
  countsHeaders?: boolean | undefined;
  /** Names what of a record is not sent: because it was redacted in the trace, or because no message can hold it. */
  leftOutOf?: ((record: TraceRecord) => LeftOut) | undefined;
}

/** What is shown while a replay runs. */
export interface LiveCounts {
  /** Operations settled, whatever became of them. */
  settled: number;
  sent: number;
  errors: number;
  inFlight: number;
  responseP99Ns: number | undefined;
  latenessP99Ns: number | undefined;
}

/**
 * Counts what a replay does, in memory that depends on the number of operation names and not on the length of
 * the run. The engine calls it on its hot path. All of it adds up: a tally can be drained in parts, and another that the
 * parts of several are added to, in any order, is the tally of all their operations.
 *
 * Latencies are those of operations with a whole answer (of whatever status), and of those given up on after a
 * wait (`timeout`, cut off), which would have taken longer still. A refused or broken connection has no latency:
 * it fails fast, and would make a dying server look quick. What was cancelled as recorded has none either: its time
 * is the recorded client's, and says nothing of the server. Nor has an endless answer, however it ended.
 */
export class Tally implements ReplayObserver {
  readonly ops = new OpTable();
  /** Of several targets each; of one nothing is counted here. */
  readonly targets = new TargetTable();
  /** Answers by the value of a header, where that is asked for. */
  readonly headers = new HeaderCounts();
  readonly windows = new Windows();
  readonly opWindows = new OpWindows();
  readonly errors = new ErrorGroups();
  readonly drift = new DriftLine();
  readonly firstInSpace = new FirstInSpace();
  readonly inversions: InversionCounter;
  readonly causes = new LatenessCauses();
  readonly attribution = new LatenessAttribution();
  /** Operations that left without what was redacted in the trace. */
  readonly redacted = new LeftOutCount();
  /** Operations that left without what no message can hold. */
  readonly unsendable = new LeftOutCount();
  readonly dispositions: Record<Disposition, number> = {
    ok: 0,
    error: 0,
    cut_off: 0,
    shed: 0,
    gate_timeout: 0,
    unsent: 0,
  };
  readonly streams = emptyStreamCounts();
  readonly endless = new EndlessCounts();
  /** Operations with an answer whose status differs from the recorded one. */
  statusMismatches = 0;
  /** Operations that were answered or failed, and of which the recording has no status to compare with. */
  recordedStatusUnknown = 0;
  /** Operations that met the end of a kept connection. */
  keepaliveClosed = 0;
  /** Operations of which at least one byte left. */
  started = 0;
  /** Operations that got a whole answer, of whatever status. */
  answered = 0;
  cacheHits = 0;
  cacheMisses = 0;
  responseBytes = 0;
  /** All operations together, until another is heard of. */
  #overall: OpMetrics | undefined;
  #anchorNs: number | undefined;
  #firstDueNs = Infinity;
  #lastDoneNs = -Infinity;
  #inFlight = 0;
  /** The latest word of each shard whose parts are added. */
  readonly #inFlightOf: number[] = [];
  readonly #options: TallyOptions;

  constructor(options: TallyOptions) {
    this.#options = options;
    this.inversions = new InversionCounter(options.timeScale, options.settledBelow);
  }

  /** The operations of all names together: their sum, made when it is asked for. */
  get overall(): OpMetrics {
    this.#overall ??= this.ops.sum();
    return this.#overall;
  }

  /** Second 0 of the windows, on the engine's clock: its anchor or, where nobody told that, the earliest due time. */
  get startNs(): number | undefined {
    return this.#anchorNs ?? this.firstDueNs;
  }

  /** The earliest due time of what was tried. */
  get firstDueNs(): number | undefined {
    return this.#firstDueNs === Infinity ? undefined : this.#firstDueNs;
  }

  /** When the last operation that was sent ended. */
  get lastDoneNs(): number | undefined {
    return this.#lastDoneNs === -Infinity ? undefined : this.#lastDoneNs;
  }

  /** False where nothing said of any operation whether it was a hit. */
  get cacheKnown(): boolean {
    return this.cacheHits + this.cacheMisses > 0;
  }

  onStart(anchorNs: number): void {
    this.#anchorNs = anchorNs;
  }

  onSent(operation: Operation, inFlight: number): void {
    const { dueNs, readyNs, sentNs } = operation;
    this.#inFlight = inFlight;
    if (sentNs === undefined) return;
    this.#overall = undefined;
    this.started++;
    this.#startBy(dueNs);
    const sendErrorNs = sentNs - dueNs;
    const metrics = this.ops.get(operation.record.op);
    metrics.sendError.record(sendErrorNs);
    metrics.lateness.record(sentNs - readyNs);
    metrics.gateWait.record(readyNs - dueNs);
    this.causes.onSent(operation);
    this.attribution.onSent(operation);
    this.windows.onSent(this.#offsetNs(dueNs), sendErrorNs, inFlight);
    this.drift.add(dueNs, sendErrorNs);
    this.inversions.onSent(operation);
    this.#countLeftOut(operation.record);
  }

  #countLeftOut(record: TraceRecord): void {
    const left = this.#options.leftOutOf?.(record);
    if (left === undefined) return;
    this.redacted.add(left.redacted);
    this.unsendable.add(left.unsendable);
  }

  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.#inFlight = inFlight;
    this.#overall = undefined;
    this.dispositions[disposition]++;
    if (disposition !== 'unsent') this.#startBy(operation.dueNs);
    if (operation.record.stream !== undefined) this.#settleStream(operation);
    if (disposition === 'ok' || disposition === 'error' || disposition === 'cut_off') {
      this.#settleSent(operation, disposition);
    }
  }

  /** Takes out what was counted since the last drain. What it takes to go on counting is kept. */
  drain(): TallyPart {
    this.#overall = undefined;
    return {
      anchorNs: this.#anchorNs,
      firstDueNs: this.#firstDueNs,
      lastDoneNs: this.#lastDoneNs,
      inFlight: this.#inFlight,
      counts: drainSums<CountName>(this, COUNT_NAMES),
      dispositions: drainSums(this.dispositions, ALL_DISPOSITIONS),
      streams: drainSums<keyof StreamCounts>(this.streams, STREAM_COUNT_NAMES),
      endless: this.endless.drain(),
      inversions: this.inversions.drain(),
      ops: this.ops.drain(),
      targets: this.targets.drain(),
      headers: this.headers.drain(),
      windows: this.windows.drain(),
      opWindows: this.opWindows.drain(),
      errors: this.errors.drain(),
      drift: this.drift.drain(),
      firstInSpace: this.firstInSpace.drain(),
      causes: this.causes.drain(),
      attribution: this.attribution.drain(),
      redacted: this.redacted.drain(),
      unsendable: this.unsendable.drain(),
    };
  }

  /** Adds what the tally of a shard counted. All shards, and this one, count from the same anchor. */
  add(part: TallyPart, shard: number): void {
    this.#overall = undefined;
    this.#anchorNs ??= part.anchorNs;
    this.#firstDueNs = Math.min(this.#firstDueNs, part.firstDueNs);
    this.#lastDoneNs = Math.max(this.#lastDoneNs, part.lastDoneNs);
    this.#inFlightOf[shard] = part.inFlight;
    addSums<CountName>(this, part.counts);
    addSums(this.dispositions, part.dispositions);
    addSums<keyof StreamCounts>(this.streams, part.streams);
    if (part.endless !== undefined) this.endless.addPart(part.endless);
    this.inversions.addPart(part.inversions);
    if (part.ops !== undefined) this.ops.addPart(part.ops);
    if (part.targets !== undefined) this.targets.addPart(part.targets);
    if (part.headers !== undefined) this.headers.addPart(part.headers);
    if (part.windows !== undefined) this.windows.addPart(part.windows, shard);
    this.opWindows.addPart(part.opWindows, shard);
    if (part.errors !== undefined) this.errors.addPart(part.errors);
    if (part.drift !== undefined) this.drift.addPart(part.drift);
    if (part.firstInSpace !== undefined) this.firstInSpace.addPart(part.firstInSpace);
    if (part.causes !== undefined) this.causes.addPart(part.causes);
    if (part.attribution !== undefined) this.attribution.addPart(part.attribution);
    if (part.redacted !== undefined) this.redacted.addPart(part.redacted);
    if (part.unsendable !== undefined) this.unsendable.addPart(part.unsendable);
  }

  live(): LiveCounts {
    const { dispositions: ended, ops } = this;
    const inFlight = this.#inFlightOf.reduce((sum, each) => sum + each, this.#inFlight);
    return {
      settled: ALL_DISPOSITIONS.reduce((sum, name) => sum + ended[name], 0),
      sent: ended.ok + ended.error + ended.cut_off + inFlight,
      errors: ended.error + ended.cut_off,
      inFlight,
      responseP99Ns: ops.sumOf('response').percentileNs(99),
      latenessP99Ns: ops.sumOf('lateness').percentileNs(99),
    };
  }

  #startBy(dueNs: number): void {
    if (dueNs < this.#firstDueNs) this.#firstDueNs = dueNs;
  }

  #offsetNs(dueNs: number): number {
    return dueNs - (this.#anchorNs ?? Math.min(this.#firstDueNs, dueNs));
  }

  #settleStream(operation: Operation): void {
    const hasLeft = operation.sentNs !== undefined;
    const metrics = hasLeft ? this.ops.get(operation.record.op).streamed() : undefined;
    countStream(this.streams, metrics, operation);
  }

  #settleSent(operation: Operation, disposition: 'ok' | 'error' | 'cut_off'): void {
    const { outcome } = operation;
    const metrics = this.ops.get(operation.record.op);
    const responseNs = responseTimeNs(operation, disposition, this.#options.isClosedLoop);
    metrics.settle(operation, disposition);
    if (hasNoDuration(outcome)) recordFirstAnswer(metrics, operation);
    if (responseNs !== undefined) recordLatencies(metrics, operation, responseNs);
    if (outcome?.endless !== undefined) this.endless.add(operation, disposition, metrics.endlessly());
    if (disposition !== 'ok') this.errors.add(operation, disposition);
    const { dueNs, sentNs, doneNs } = operation;
    const offsetNs = this.#offsetNs(dueNs);
    this.windows.onDone(offsetNs, responseNs, disposition !== 'ok');
    this.opWindows.onDone(operation.record.op, offsetNs, responseNs, disposition !== 'ok');
    if (doneNs !== undefined && sentNs !== undefined && !hasNoDuration(outcome))
      this.firstInSpace.add(operation.record.space, doneNs, operation.number, doneNs - sentNs);
    if (doneNs !== undefined) this.#lastDoneNs = Math.max(this.#lastDoneNs, doneNs);
    if (disposition !== 'cut_off') this.#compareStatus(operation, metrics);
    if (this.#options.countsHeaders === true && outcome !== undefined) this.headers.add(outcome);
    const cache = this.#compare(operation);
    const target = this.#options.targetOf?.(operation.record.session);
    if (target !== undefined) this.targets.at(target).settle(operation, disposition, responseNs, cache);
  }

  /**
   * Compares the class of an answer. An operation that was cut off has neither got its answer nor failed, as nobody
   * waited.
   */
  #compareStatus({ outcome, record: { protocol, outcome: then } }: Operation, metrics: OpMetrics): void {
    if (then.status === undefined) {
      this.recordedStatusUnknown++;
      return;
    }
    metrics.statuses.add(statusClass(protocol, then.status), statusClass(protocol, outcome?.status));
  }

  #compare(operation: Operation): 'hit' | 'miss' | undefined {
    const { outcome, record } = operation;
    if (outcome === undefined) return undefined;
    this.responseBytes += outcome.responseBytes;
    if (outcome.failure === undefined) this.answered++;
    else if (outcome.failure === 'keepalive_closed') this.keepaliveClosed++;
    const recorded = record.outcome.status;
    if (outcome.status !== undefined && recorded !== undefined && outcome.status !== recorded) {
      this.statusMismatches++;
    }
    const cache = this.#options.cacheResult?.(operation);
    if (cache === 'hit') this.cacheHits++;
    else if (cache === 'miss') this.cacheMisses++;
    return cache;
  }
}
