import { Histogram } from './histogram.ts';
import { StatusComparison } from './status-comparison.ts';
import type { StreamMetrics } from './stream-metrics.ts';

/** Counts and times of one operation name, or of all. */
export class OpMetrics {
  ok = 0;
  errors = 0;
  cutOff = 0;
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

/** Name under which operations are counted once a trace has more than `maxOps` names. */
export const OTHER_OPS = '(other)';

/** Metrics per operation name, for a bounded number of names. */
export class OpTable {
  readonly #maxOps: number;
  readonly #ops = new Map<string, OpMetrics>();

  constructor(maxOps = 64) {
    this.#maxOps = maxOps;
  }

  get(op: string): OpMetrics {
    const known = this.#ops.get(op);
    if (known !== undefined) return known;
    const name = this.#ops.size < this.#maxOps ? op : OTHER_OPS;
    let metrics = this.#ops.get(name);
    if (metrics === undefined) {
      metrics = new OpMetrics();
      this.#ops.set(name, metrics);
    }
    return metrics;
  }

  /** In order of name. */
  entries(): [string, OpMetrics][] {
    return [...this.#ops.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
