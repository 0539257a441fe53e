import type { TraceRecord } from '../trace/record/record.ts';

const MOST_SESSIONS = 100_000;
/** What is shorter is as good as this: a logarithm needs something. */
const SHORTEST_NS = 1e3;
/** Pauses as even as this are one pause. */
const EVEN_CV = 0.1;

/** The pauses of sessions between an answer and the next operation, and how many of them there are at one time. */
export class SessionPauses {
  /** When the last answer of each session was there. */
  readonly #ends = new Map<string, number>();
  #activeNs = 0;
  #firstNs: number | undefined;
  #lastNs = 0;
  #withoutDuration = 0;
  #pauses = { count: 0, sum: 0, squares: 0, logs: 0, logSquares: 0 };

  add({ session, startNs, durationNs }: TraceRecord): void {
    if (durationNs === undefined) this.#withoutDuration += 1;
    const endNs = startNs + (durationNs ?? 0);
    this.#firstNs ??= startNs;
    this.#lastNs = Math.max(this.#lastNs, endNs);
    const before = this.#ends.get(session);
    if (before === undefined && this.#ends.size >= MOST_SESSIONS) return;
    this.#ends.set(session, Math.max(endNs, before ?? endNs));
    this.#activeNs += before === undefined ? endNs - startNs : Math.max(0, endNs - before);
    // What began before the last answer did not wait for it.
    if (before !== undefined && startNs >= before) this.#pause(startNs - before);
  }

  /** From the first operation to the last answer. */
  get spanNs(): number {
    return this.#lastNs - (this.#firstNs ?? 0);
  }

  /** How many sessions there are at one time on the mean, from the first operation of each to its last answer. */
  get sessionsAtOnce(): number {
    return this.spanNs > 0 ? this.#activeNs / this.spanNs : this.sessions;
  }

  get sessions(): number {
    return this.#ends.size;
  }

  /** Answers have no times: what is called a pause then has them in it. */
  get lacksDurations(): boolean {
    return this.#withoutDuration > 0;
  }

  /**
   * As `--think` takes it: one pause where they are even; else exponential or lognormal, whichever has the lower Bayesian
   * information criterion. Undefined where no operation followed on an answer.
   */
  get think(): string | undefined {
    const { count, sum, squares, logs, logSquares } = this.#pauses;
    if (count === 0) return undefined;
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
    if (deviation <= EVEN_CV * mean) return timeText(mean);
    const logMean = logs / count;
    const sigma = Math.sqrt(Math.max(1e-6, logSquares / count - logMean * logMean));
    const exponential = -2 * count * (-Math.log(mean) - 1) + Math.log(count);
    const lognormal =
      -2 * (-logs - (count / 2) * (Math.log(2 * Math.PI * sigma * sigma) + 1)) + 2 * Math.log(count);
    if (exponential <= lognormal) return `exp:${timeText(mean)}`;
    return `lognormal:${timeText(Math.exp(logMean))},${sigma.toPrecision(3)}`;
  }

  #pause(ns: number): void {
    const pauseNs = Math.max(SHORTEST_NS, ns);
    const log = Math.log(pauseNs);
    this.#pauses.count += 1;
    this.#pauses.sum += pauseNs;
    this.#pauses.squares += pauseNs * pauseNs;
    this.#pauses.logs += log;
    this.#pauses.logSquares += log * log;
  }
}

/** To three digits, in ms or us. */
function timeText(ns: number): string {
  return ns >= 1e6 ? `${Number((ns / 1e6).toPrecision(4))}ms` : `${Number((ns / 1e3).toPrecision(4))}us`;
}
