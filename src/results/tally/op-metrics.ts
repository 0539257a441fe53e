import type { Disposition, Operation } from '../../replay/ports.ts';
import { StatusComparison, type StatusComparisonPart } from '../answers/status-comparison.ts';
import { Histogram } from '../histogram/histogram.ts';
import { addHistograms, drainHistograms, type HistogramParts } from '../histogram/histogram-parts.ts';
import { addSums, drainSums } from '../histogram/sums.ts';
import { EndlessMetrics, type EndlessMetricsPart } from './endless-metrics.ts';
import { OTHER_OPS, opKey } from './op-key.ts';
import { StreamMetrics, type StreamMetricsPart } from './stream-metrics.ts';

/** Counts the operations of one name, or of all, and keeps their times. */
export class OpMetrics {
  ok = 0;
  errors = 0;
  cutOff = 0;
  /** The operations, of `ok` and `errors`, that were cancelled as recorded. */
  cancelled = 0;
  /** The operations whose answer is the recorded one, and those with another; of the rest it is not known. */
  same = 0;
  other = 0;
  /** From the due time to the end of the answer: free of coordinated omission. */
  readonly response = new Histogram();
  /** From the actual send to the end of the answer. */
  readonly service = new Histogram();
  /** The latencies that the trace recorded for the same operations. */
  readonly recorded = new Histogram();
  /** Actual send less due time. */
  readonly sendError = new Histogram();
  /** Actual send less the time the predecessors were done: the send error without the wait for the session. */
  readonly lateness = new Histogram();
  /** Wait for predecessors in the session. */
  readonly gateWait = new Histogram();
  /** From the actual send to the first byte or message of the answer. */
  readonly firstAnswer = new Histogram();
  /** Classes of its answers against those recorded. */
  readonly statuses = new StatusComparison();
  /** The times of streams; undefined until a stream has left. */
  stream: StreamMetrics | undefined = undefined;
  /** Undefined until an endless answer is over. */
  endless: EndlessMetrics | undefined = undefined;

  get sent(): number {
    return this.ok + this.errors + this.cutOff;
  }

  /** Counts an operation that was with a transport and is settled. */
  settle({ outcome }: Operation, disposition: Disposition): void {
    if (disposition === 'ok') this.ok++;
    else if (disposition === 'error') this.errors++;
    else this.cutOff++;
    if (outcome?.isCancelled === true) this.cancelled++;
    if (outcome?.answer !== undefined) this[outcome.answer]++;
  }

  /** Takes out what was counted since the last drain; undefined where that was nothing. */
  drain(): OpMetricsPart | undefined {
    const counts = drainSums<OpCountName>(this, OP_COUNT_NAMES);
    const times = drainHistograms(this, HISTOGRAM_NAMES);
    if (counts === undefined && Object.keys(times).length === 0) return undefined;
    const { statuses, stream, endless } = this;
    return {
      ...{ counts, times },
      statuses: statuses.drain(),
      // Also where they have no times: an entry of its own in the document tells that there were some.
      stream: stream?.drain(),
      endless: endless?.drain(),
    };
  }

  addPart({ counts, times, statuses, stream, endless }: OpMetricsPart): void {
    addSums<OpCountName>(this, counts);
    addHistograms(this, times);
    if (statuses !== undefined) this.statuses.addPart(statuses);
    if (stream !== undefined) this.streamed().addPart(stream);
    if (endless !== undefined) this.endlessly().addPart(endless);
  }

  /** Adds the metrics of other operations. */
  addAll(other: OpMetrics): void {
    for (const name of OP_COUNT_NAMES) this[name] += other[name];
    for (const name of HISTOGRAM_NAMES) this[name].add(other[name]);
    this.statuses.addAll(other.statuses);
    if (other.stream !== undefined) this.streamed().addAll(other.stream);
    if (other.endless !== undefined) this.endlessly().addAll(other.endless);
  }

  /** Gives the metrics of its streams, which are there from the first one on. */
  streamed(): StreamMetrics {
    this.stream ??= new StreamMetrics();
    return this.stream;
  }

  /** Gives the metrics of its endless answers, which are there from the first one on. */
  endlessly(): EndlessMetrics {
    this.endless ??= new EndlessMetrics();
    return this.endless;
  }
}

/** What was counted of one operation name since it was drained last. */
export interface OpMetricsPart {
  counts: Record<OpCountName, number> | undefined;
  times: HistogramParts<(typeof HISTOGRAM_NAMES)[number]>;
  statuses: StatusComparisonPart | undefined;
  stream: StreamMetricsPart | undefined;
  endless: EndlessMetricsPart | undefined;
}

/** The counts of `OpMetrics`, by name: all of them sums. */
const OP_COUNT_NAMES = ['ok', 'errors', 'cutOff', 'cancelled', 'same', 'other'] as const;
type OpCountName = (typeof OP_COUNT_NAMES)[number];

/** The histograms of `OpMetrics`, by name. */
export const HISTOGRAM_NAMES = [
  'response',
  'service',
  'recorded',
  'sendError',
  'lateness',
  'gateWait',
  'firstAnswer',
] as const;

/** What was counted of each operation name since a table was drained last; of all further names under undefined. */
export type OpTablePart = [op: string | undefined, part: OpMetricsPart][];

/** Metrics per operation name, for a bounded number of names; the operations of all further ones are counted together. */
export class OpTable {
  readonly #maxOps: number;
  readonly #ops = new Map<string, OpMetrics>();
  #rest: OpMetrics | undefined = undefined;
  /** The name that was asked for last, and its metrics: an operation that leaves asks more than once. */
  #lastOp: string | undefined = undefined;
  #last: OpMetrics | undefined = undefined;

  constructor(maxOps = 64) {
    this.#maxOps = maxOps;
  }

  get(op: string): OpMetrics {
    if (op === this.#lastOp && this.#last !== undefined) return this.#last;
    const metrics = this.#ops.get(op) ?? this.#add(op);
    this.#lastOp = op;
    this.#last = metrics;
    return metrics;
  }

  #add(op: string): OpMetrics {
    if (this.#ops.size >= this.#maxOps) return this.#others();
    const metrics = new OpMetrics();
    this.#ops.set(op, metrics);
    return metrics;
  }

  #others(): OpMetrics {
    this.#rest ??= new OpMetrics();
    return this.#rest;
  }

  drain(): OpTablePart | undefined {
    const parts: OpTablePart = [];
    for (const [op, metrics] of this.#ops) {
      const part = metrics.drain();
      if (part !== undefined) parts.push([op, part]);
    }
    const rest = this.#rest?.drain();
    if (rest !== undefined) parts.push([undefined, rest]);
    return parts.length === 0 ? undefined : parts;
  }

  addPart(parts: OpTablePart): void {
    for (const [op, part] of parts) (op === undefined ? this.#others() : this.get(op)).addPart(part);
  }

  /** Adds up the operations of all names. */
  sum(): OpMetrics {
    const sum = new OpMetrics();
    for (const metrics of this.#all()) sum.addAll(metrics);
    return sum;
  }

  /** Adds up one kind of time over the operations of all names. */
  sumOf(name: (typeof HISTOGRAM_NAMES)[number]): Histogram {
    const sum = new Histogram();
    for (const metrics of this.#all()) sum.add(metrics[name]);
    return sum;
  }

  #all(): OpMetrics[] {
    return this.#rest === undefined ? [...this.#ops.values()] : [...this.#ops.values(), this.#rest];
  }

  /** Lists the metrics by their keys in a document, in the order of these. */
  entries(): [key: string, metrics: OpMetrics][] {
    const entries = [...this.#ops].map(([op, metrics]): [string, OpMetrics] => [opKey(op), metrics]);
    if (this.#rest !== undefined) entries.push([OTHER_OPS, this.#rest]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
