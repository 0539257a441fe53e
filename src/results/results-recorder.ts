import type { Disposition, Operation, ReplayObserver, SendOutcome } from '../replay/ports.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import { ArrivalStatistics } from './arrival-statistics.ts';
import { DriftLine } from './drift.ts';
import { DueSorter } from './due-sorter.ts';
import { EndlessCounts, EndlessMetrics } from './endless-metrics.ts';
import { ErrorGroups } from './error-groups.ts';
import { FirstInSpace } from './first-in-space.ts';
import { InversionCounter } from './inversions.ts';
import { LatenessAttribution } from './lateness-attribution.ts';
import { LatenessCauses } from './lateness-causes.ts';
import { type LeftOut, LeftOutCount } from './left-out-count.ts';
import { OpMetrics, OpTable } from './op-metrics.ts';
import { PlanOrder } from './plan-order.ts';
import { statusClass } from './status-class.ts';
import { countStream, emptyStreamCounts, StreamMetrics } from './stream-metrics.ts';
import { Windows } from './windows.ts';

export interface RecorderOptions {
  /** The rate multiplier; undefined where due times don't follow the recording. */
  timeScale: number | undefined;
  /** Due times don't rise in the order of the plan: with think time, and with copies. */
  sortsDues?: boolean | undefined;
  /** Number a record has in its trace file; without it, the operation's number. */
  recordNumber?: ((operation: Operation) => number) | undefined;
  /** Tells hits from misses of answered operations, where the dialect knows a cache. */
  cacheResult?: ((operation: Operation) => 'hit' | 'miss' | undefined) | undefined;
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
 * the run. The engine calls it on its hot path.
 *
 * Latencies are those of operations with a whole answer (of whatever status), and of those given up on after a
 * wait (`timeout`, cut off), which would have taken longer still. A refused or broken connection has no latency:
 * it fails fast, and would make a dying server look quick. What was cancelled as recorded has none either: its time
 * is the recorded client's, and says nothing of the server. Nor has an endless answer, however it ended.
 */
export class ResultsRecorder implements ReplayObserver {
  readonly overall = new OpMetrics();
  readonly ops = new OpTable();
  readonly windows = new Windows();
  readonly errors: ErrorGroups;
  readonly sent = new ArrivalStatistics();
  readonly drift = new DriftLine();
  readonly firstInSpace = new FirstInSpace();
  readonly inversions: InversionCounter;
  readonly causes = new LatenessCauses();
  readonly attribution = new LatenessAttribution();
  /** Operations that left without what was redacted in the trace. */
  readonly redacted = new LeftOutCount();
  /** Operations that left without what no message can hold. */
  readonly unsendable = new LeftOutCount();
  readonly planOrder = new PlanOrder((dueNs) => this.#planned.add(dueNs));
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
  readonly #planned = new ArrivalStatistics();
  readonly #dueSorter = new DueSorter((dueNs) => this.#planned.add(dueNs));
  #cacheKnown = false;
  #startNs: number | undefined;
  #lastDoneNs: number | undefined;
  #inFlight = 0;
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.errors = new ErrorGroups(options.recordNumber ?? ((operation) => operation.number));
    this.inversions = new InversionCounter(options.timeScale);
  }

  /** The arrivals of the plan, as far as it was tried; what got no byte out is no arrival on either side. */
  get planned(): ArrivalStatistics {
    this.#dueSorter.flush();
    return this.#planned;
  }

  /** Operations that are missing from `planned`. */
  get missingFromPlan(): number {
    return this.planOrder.missing + this.#dueSorter.misplaced;
  }

  /** The earliest due time, on the engine's clock: second 0 of the windows. */
  get startNs(): number | undefined {
    return this.#startNs;
  }

  /** When the last operation that was sent ended. */
  get lastDoneNs(): number | undefined {
    return this.#lastDoneNs;
  }

  /** False where nothing said of any operation whether it was a hit. */
  get cacheKnown(): boolean {
    return this.#cacheKnown;
  }

  onSent(operation: Operation, inFlight: number): void {
    const { dueNs, readyNs, sentNs } = operation;
    this.#inFlight = inFlight;
    if (sentNs === undefined) return;
    this.started++;
    this.#startBy(dueNs);
    const sendErrorNs = sentNs - dueNs;
    for (const metrics of [this.overall, this.ops.get(operation.record.op)]) {
      metrics.sendError.record(sendErrorNs);
      metrics.lateness.record(sentNs - readyNs);
      metrics.gateWait.record(readyNs - dueNs);
    }
    this.causes.onSent(operation);
    this.attribution.onSent(operation);
    this.windows.onSent(dueNs - (this.#startNs ?? dueNs), sendErrorNs, inFlight);
    this.sent.add(sentNs);
    this.drift.add(dueNs, sendErrorNs);
    this.inversions.onSent(operation, this.planOrder.next);
    this.#countLeftOut(operation.record);
    this.#plan(operation);
  }

  #countLeftOut(record: TraceRecord): void {
    const left = this.#options.leftOutOf?.(record);
    if (left === undefined) return;
    this.redacted.add(left.redacted);
    this.unsendable.add(left.unsendable);
  }

  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.#inFlight = inFlight;
    this.dispositions[disposition]++;
    if (disposition !== 'unsent') this.#startBy(operation.dueNs);
    if (operation.sentNs === undefined) this.#settlePlan(operation, disposition);
    if (operation.record.stream !== undefined) this.#settleStream(operation);
    if (disposition === 'ok' || disposition === 'error' || disposition === 'cut_off') {
      this.#settleSent(operation, disposition);
    }
  }

  live(): LiveCounts {
    const { dispositions: ended, overall } = this;
    return {
      settled: Object.values(ended).reduce((sum, count) => sum + count, 0),
      sent: overall.sent + this.#inFlight,
      errors: ended.error + ended.cut_off,
      inFlight: this.#inFlight,
      responseP99Ns: overall.response.percentileNs(99),
      latenessP99Ns: overall.lateness.percentileNs(99),
    };
  }

  /** Of several senders the one whose operation came first in the plan may be heard second. */
  #startBy(dueNs: number): void {
    if (this.#startNs === undefined || dueNs < this.#startNs) this.#startNs = dueNs;
  }

  #settlePlan(operation: Operation, disposition: Disposition): void {
    if (disposition === 'shed' || disposition === 'gate_timeout') this.#plan(operation);
    else this.planOrder.leaveOut(operation.sequence);
  }

  #settleStream(operation: Operation): void {
    const hasLeft = operation.sentNs !== undefined;
    const counted = hasLeft ? [this.overall, this.ops.get(operation.record.op)] : [];
    const metrics = counted.map((each) => {
      each.stream ??= new StreamMetrics();
      return each.stream;
    });
    countStream(this.streams, metrics, operation);
  }

  /** Due times rise in the order of the plan, or they are sorted and the order only says how far things are. */
  #plan({ sequence, dueNs }: Operation): void {
    if (this.#options.sortsDues !== true) {
      this.planOrder.put(sequence, dueNs);
      return;
    }
    this.#dueSorter.add(dueNs);
    this.planOrder.leaveOut(sequence);
  }

  #settleSent(operation: Operation, disposition: 'ok' | 'error' | 'cut_off'): void {
    const { outcome } = operation;
    const metrics = this.ops.get(operation.record.op);
    const responseNs = responseTimeNs(operation, disposition);
    for (const each of [this.overall, metrics]) {
      if (disposition === 'ok') each.ok++;
      else if (disposition === 'error') each.errors++;
      else each.cutOff++;
      if (outcome?.isCancelled === true) each.cancelled++;
      if (hasNoDuration(outcome)) recordFirstAnswer(each, operation);
      if (responseNs !== undefined) recordLatencies(each, operation, responseNs);
    }
    if (outcome?.endless !== undefined) this.#settleEndless(operation, disposition, metrics);
    if (disposition !== 'ok') this.errors.add(operation, disposition);
    const { dueNs, sentNs, doneNs } = operation;
    this.windows.onDone(dueNs - (this.#startNs ?? dueNs), responseNs, disposition !== 'ok');
    if (doneNs !== undefined && sentNs !== undefined && !hasNoDuration(outcome))
      this.firstInSpace.add(operation.record.space, doneNs - sentNs);
    if (doneNs !== undefined) this.#lastDoneNs = Math.max(this.#lastDoneNs ?? doneNs, doneNs);
    if (disposition !== 'cut_off') this.#compareStatus(operation, metrics);
    this.#compare(operation);
  }

  #settleEndless(operation: Operation, disposition: Disposition, metrics: OpMetrics): void {
    const each = [this.overall, metrics].map((one) => {
      one.endless ??= new EndlessMetrics();
      return one.endless;
    });
    this.endless.add(operation, disposition, each);
  }

  /** One that was cut off has neither got its answer nor failed: we did not wait. */
  #compareStatus({ outcome, record: { protocol, outcome: then } }: Operation, metrics: OpMetrics): void {
    if (then.status === undefined) {
      this.recordedStatusUnknown++;
      return;
    }
    const recorded = statusClass(protocol, then.status);
    const replayed = statusClass(protocol, outcome?.status);
    this.overall.statuses.add(recorded, replayed);
    metrics.statuses.add(recorded, replayed);
  }

  #compare(operation: Operation): void {
    const { outcome, record } = operation;
    if (outcome === undefined) return;
    this.responseBytes += outcome.responseBytes;
    if (outcome.failure === undefined) this.answered++;
    else if (outcome.failure === 'keepalive_closed') this.keepaliveClosed++;
    const recorded = record.outcome.status;
    if (outcome.status !== undefined && recorded !== undefined && outcome.status !== recorded) {
      this.statusMismatches++;
    }
    const cache = this.#options.cacheResult?.(operation);
    if (cache === undefined) return;
    this.#cacheKnown = true;
    if (cache === 'hit') this.cacheHits++;
    else this.cacheMisses++;
  }
}

/** How long it took says nothing of the server: it was cancelled as recorded, or its answer is endless. */
function hasNoDuration(outcome: SendOutcome | undefined): boolean {
  return outcome !== undefined && (outcome.isCancelled === true || outcome.endless !== undefined);
}

/** From due to done; undefined for an operation that failed without an answer and without a wait, or has no duration. */
function responseTimeNs(operation: Operation, disposition: Disposition): number | undefined {
  const { outcome, doneNs, dueNs, sentNs } = operation;
  if (doneNs === undefined || hasNoDuration(outcome)) return undefined;
  const answered = sentNs !== undefined && outcome !== undefined && outcome.failure === undefined;
  // Also where no byte of it left: a wait for a connection is a wait.
  const givenUp = disposition === 'cut_off' || outcome?.failure === 'timeout';
  return answered || givenUp ? doneNs - dueNs : undefined;
}

/** When its answer began is the server's doing all the same. */
function recordFirstAnswer(metrics: OpMetrics, { firstAnswerNs, sentNs }: Operation): void {
  if (firstAnswerNs !== undefined && sentNs !== undefined) metrics.firstAnswer.record(firstAnswerNs - sentNs);
}

function recordLatencies(metrics: OpMetrics, operation: Operation, responseNs: number): void {
  const { doneNs, sentNs, firstAnswerNs, record } = operation;
  metrics.response.record(responseNs);
  if (sentNs === undefined || doneNs === undefined) return;
  metrics.service.record(doneNs - sentNs);
  if (firstAnswerNs !== undefined) metrics.firstAnswer.record(firstAnswerNs - sentNs);
  if (record.durationNs !== undefined) metrics.recorded.record(record.durationNs);
}
