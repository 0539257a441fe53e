import { TraceMeasures } from '../nearness/trace-measures.ts';
import type { TraceHeader, TraceRecord } from '../trace/record/record.ts';
import { BinnedArrivals } from './binned-arrivals.ts';
import { CacheUse } from './cache-use.ts';
import type { RecordedGaps } from './fit-arrivals.ts';
import { MixOverTime, OPERATION_OF } from './mix-over-time.ts';
import { RecallFinds } from './recall-finds.ts';
import { SessionPauses } from './session-pauses.ts';
import { StoredShapes } from './stored-shapes.ts';

const MOST_SPACES = 10_000;
const MOST_SESSIONS = 100_000;

/** What is looked at of a header. */
export type LearnedHeader = Pick<TraceHeader, 'window'> & Partial<Pick<TraceHeader, 'resolutionNs'>>;

/** What a scenario is learned from, in bounded memory: numbers, and no content of any record. */
export class RecordedLoad {
  readonly measures = new TraceMeasures();
  readonly arrivals = new BinnedArrivals();
  readonly shapes = new StoredShapes();
  readonly mix = new MixOverTime();
  readonly pauses = new SessionPauses();
  readonly cache = new CacheUse();
  readonly finds = new RecallFinds();
  /** How many operations each space has. */
  readonly spaces = new Map<string, number>();
  /** Of each op, how many went by gRPC. */
  readonly byGrpc = new Map<string, number>();
  readonly #sessions = new Set<string>();
  readonly #header: LearnedHeader;
  #startNs: number | undefined;
  #lastNs = 0;
  #gaps = { count: 0, sum: 0, sumOfSquares: 0 };

  constructor(header: LearnedHeader) {
    this.#header = header;
  }

  add(record: TraceRecord): void {
    this.measures.add(record);
    this.shapes.add(record);
    this.pauses.add(record);
    this.cache.add(record);
    this.finds.add(record);
    const atNs = this.#arrived(record.startNs);
    const { op, space, protocol, session } = record;
    const operation = OPERATION_OF[op];
    if (operation !== undefined) this.mix.add(operation, atNs);
    if (protocol === 'grpc') this.byGrpc.set(op, (this.byGrpc.get(op) ?? 0) + 1);
    if (space !== '' && (this.spaces.size < MOST_SPACES || this.spaces.has(space)))
      this.spaces.set(space, (this.spaces.get(space) ?? 0) + 1);
    if (this.#sessions.size <= MOST_SESSIONS) this.#sessions.add(session);
  }

  /** Undefined where there are too many to tell apart. */
  get sessions(): number | undefined {
    return this.#sessions.size > MOST_SESSIONS ? undefined : this.#sessions.size;
  }

  /** Of its window; without one, one mean gap behind the last start. */
  get durationNs(): number {
    const { window } = this.#header;
    if (window !== undefined) return window.endNs - window.startNs;
    const { count, sum } = this.#gaps;
    return sum + Math.round(count === 0 ? 1e9 : sum / count);
  }

  /** Standard deviation over mean of the gaps. */
  get gapVariation(): number | undefined {
    const { count, sum, sumOfSquares } = this.#gaps;
    if (count < 2 || sum === 0) return undefined;
    const mean = sum / count;
    return Math.sqrt(Math.max(0, sumOfSquares / count - mean * mean)) / mean;
  }

  get gaps(): RecordedGaps {
    return { sizes: this.measures.gaps, resolutionNs: this.#header.resolutionNs ?? 1 };
  }

  /** Returns when it was, from the beginning on. */
  #arrived(startNs: number): number {
    if (this.#startNs === undefined) this.#startNs = this.#header.window?.startNs ?? startNs;
    else {
      const gapNs = startNs - this.#lastNs;
      this.#gaps.count += 1;
      this.#gaps.sum += gapNs;
      this.#gaps.sumOfSquares += gapNs * gapNs;
    }
    this.#lastNs = startNs;
    this.arrivals.add(startNs - this.#startNs);
    return startNs - this.#startNs;
  }
}

/** Reads a whole trace. */
export async function recordedLoad(
  header: LearnedHeader,
  batches: AsyncIterable<readonly TraceRecord[]>,
): Promise<RecordedLoad> {
  const load = new RecordedLoad(header);
  for await (const batch of batches) for (const record of batch) load.add(record);
  load.arrivals.endAt(load.durationNs);
  return load;
}
