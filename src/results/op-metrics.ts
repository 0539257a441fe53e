import type { EndlessMetrics } from './endless-metrics.ts';
import { Histogram } from './histogram.ts';
import { OTHER_OPS, opKey } from './op-key.ts';
import { StatusComparison } from './status-comparison.ts';
import type { StreamMetrics } from './stream-metrics.ts';

/** Counts and times of one operation name, or of all. */
export class OpMetrics {
  ok = 0;
  errors = 0;
  cutOff = 0;
  /** Of `ok` and `errors`: cancelled where the recorded client did. */
  cancelled = 0;
  /** From the due time to the end of the answer: free of coordinated omission. */
  readonly response = new Histogram();
  /** From the actual send to the end of the answer. */
  readonly service = new Histogram();
  /** What the trace recorded for the same operations. */
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
  /** Undefined until a stream has left. */
  stream: StreamMetrics | undefined = undefined;
  /** Undefined until an endless answer is over. */
  endless: EndlessMetrics | undefined = undefined;

  get sent(): number {
    return this.ok + this.errors + this.cutOff;
  }
}

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

/** Metrics per operation name, for a bounded number of names; the operations of all further ones are counted together. */
export class OpTable {
  readonly #maxOps: number;
  readonly #ops = new Map<string, OpMetrics>();
  #rest: OpMetrics | undefined = undefined;

  constructor(maxOps = 64) {
    this.#maxOps = maxOps;
  }

  get(op: string): OpMetrics {
    const known = this.#ops.get(op);
    if (known !== undefined) return known;
    if (this.#ops.size >= this.#maxOps) {
      this.#rest ??= new OpMetrics();
      return this.#rest;
    }
    const metrics = new OpMetrics();
    this.#ops.set(op, metrics);
    return metrics;
  }

  /** By their keys in a document, in order of those. */
  entries(): [key: string, metrics: OpMetrics][] {
    const entries = [...this.#ops].map(([op, metrics]): [string, OpMetrics] => [opKey(op), metrics]);
    if (this.#rest !== undefined) entries.push([OTHER_OPS, this.#rest]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
