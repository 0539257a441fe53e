import type { TraceRecord } from '../../trace/record/record.ts';
import type { Copier, Copy } from './copier.ts';
import type { RecordedStarts } from './recorded-starts.ts';
import { timeBetween, upscaledPlace } from './upscaled-place.ts';

/**
 * Operations that don't depend on each other arrive `factor` times as densely: operation i at the time of recorded
 * operation floor(i / factor), spread inside the gap that follows it. They keep their order.
 */
export class UpscaledOperations implements Copier {
  readonly #factor: number;
  readonly #starts: RecordedStarts;
  #number = 0;
  #next: Copy | undefined;

  constructor(factor: number, starts: RecordedStarts) {
    this.#factor = factor;
    this.#starts = starts;
  }

  /** So many operations may be added then. */
  async prepare(operations: number): Promise<void> {
    const { after } = upscaledPlace(this.#number, this.#factor);
    this.#starts.forget(after);
    await this.#starts.readTo(upscaledPlace(this.#number + operations, this.#factor).after + 1);
  }

  add(record: TraceRecord, number: number): void {
    const { after, share } = upscaledPlace(this.#number++, this.#factor);
    const fromNs = this.#starts.at(after) ?? record.startNs;
    const toNs = this.#starts.at(after + 1) ?? fromNs;
    this.#next = { record, number, startNs: timeBetween(fromNs, toNs, share) };
  }

  end(): void {}

  take(): Copy | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }
}
