import type { Disposition, Operation, ReplayObserver } from '../../replay/ports.ts';
import type { Flight } from '../../replay/release/flight.ts';
import type { LogBlockMessage } from '../../replay-log/log-block.ts';
import type { ReplayLogObserver } from '../../replay-log/replay-log.ts';
import { createReplayLogRecorder } from '../../replay-log/replay-log-recorder.ts';
import { ArrivalCollector } from '../../results/arrivals/arrival-collector.ts';
import type { RecorderOptions } from '../../results/tally/results-recorder.ts';
import { Tally } from '../../results/tally/tally.ts';
import type { ShardNews } from './messages.ts';
import { NO_ROWS, openRowsOf } from './open-rows.ts';

/** Memory of written blocks that is kept for the next ones. */
const MOST_FREE = 2;

/** Counts what a shard does, and gives out what was added since the last time. */
export class NewsDesk implements ReplayObserver {
  readonly #tally: Tally;
  readonly #arrivals: ArrivalCollector;
  readonly #log: ReplayLogObserver | undefined;
  #blocks: LogBlockMessage[] = [];
  readonly #free: ArrayBuffer[] = [];
  #settled = new Uint32Array(1024);
  #count = 0;

  /** `isLogged`: the run has a replay log, and this shard writes its own rows. */
  constructor(options: RecorderOptions, shard: number, isLogged: boolean) {
    const arrivals = new ArrivalCollector(options.sortsDues);
    this.#arrivals = arrivals;
    this.#tally = new Tally({ ...options, settledBelow: () => arrivals.next });
    this.#log = isLogged
      ? createReplayLogRecorder({
          shard,
          take: (block) => void this.#blocks.push(block),
          recycled: () => this.#free.pop(),
        })
      : undefined;
  }

  onStart(anchorNs: number): void {
    this.#tally.onStart(anchorNs);
  }

  onSent(operation: Operation, inFlight: number): void {
    this.#tally.onSent(operation, inFlight);
    this.#arrivals.onSent(operation);
    this.#log?.onSent(operation, inFlight);
  }

  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.#tally.onSettled(operation, disposition, inFlight);
    this.#arrivals.onSettled(operation, disposition);
    this.#log?.onSettled(operation, disposition, inFlight);
    if (this.#count === this.#settled.length) this.#grow();
    this.#settled[this.#count++] = operation.sequence;
  }

  /** The memory of a block that is written. */
  recycle(memory: ArrayBuffer): void {
    if (this.#free.length < MOST_FREE) this.#free.push(memory);
  }

  /** What was added since the last time; `flights` are with the transports now, `nowNs` is the time. */
  take(flights: readonly Flight[], nowNs: number): ShardNews {
    this.#log?.flush();
    const log = this.#blocks;
    this.#blocks = [];
    const settled = this.#settled.slice(0, this.#count);
    this.#count = 0;
    const place = this.#log && ((number: number) => this.#log?.placeOf(number));
    const open = flights.length === 0 ? NO_ROWS : openRowsOf(flights, place);
    const arrivals = nowNs === Infinity ? this.#arrivals.takeLast() : this.#arrivals.take(nowNs);
    return { tally: this.#tally.drain(), arrivals, settled, open, log };
  }

  #grow(): void {
    const larger = new Uint32Array(this.#settled.length * 2);
    larger.set(this.#settled);
    this.#settled = larger;
  }
}
