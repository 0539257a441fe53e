import type { Disposition, Operation } from '../../replay/ports.ts';
import { Histogram } from '../histogram/histogram.ts';
import { addHistograms, drainHistograms, type HistogramParts } from '../histogram/histogram-parts.ts';
import { addSums, drainSums } from '../histogram/sums.ts';

/** Counts the operations of one of several targets, and keeps their times: what a person compares servers by. */
export class TargetMetrics {
  ok = 0;
  errors = 0;
  cutOff = 0;
  /** The operations, of `ok` and `errors`, that were cancelled as recorded. */
  cancelled = 0;
  cacheHits = 0;
  cacheMisses = 0;
  /** As those of an op (`OpMetrics`). */
  readonly response = new Histogram();
  readonly service = new Histogram();

  get sent(): number {
    return this.ok + this.errors + this.cutOff;
  }

  /** Counts an operation that was with a transport and is settled; `responseNs` where it has a response time. */
  settle(
    { outcome, sentNs, doneNs }: Operation,
    disposition: Disposition,
    responseNs: number | undefined,
    cache: 'hit' | 'miss' | undefined,
  ): void {
    if (disposition === 'ok') this.ok++;
    else if (disposition === 'error') this.errors++;
    else this.cutOff++;
    if (outcome?.isCancelled === true) this.cancelled++;
    if (cache === 'hit') this.cacheHits++;
    else if (cache === 'miss') this.cacheMisses++;
    if (responseNs === undefined) return;
    this.response.record(responseNs);
    if (sentNs !== undefined && doneNs !== undefined) this.service.record(doneNs - sentNs);
  }

  /** Takes out what was counted since the last drain; undefined where that was nothing. */
  drain(): TargetPart | undefined {
    const counts = drainSums<TargetCountName>(this, COUNT_NAMES);
    const times = drainHistograms(this, TIME_NAMES);
    return counts === undefined ? undefined : { counts, times };
  }

  addPart({ counts, times }: TargetPart): void {
    addSums<TargetCountName>(this, counts);
    addHistograms(this, times);
  }
}

/** What was counted of one target since it was drained last. */
export interface TargetPart {
  counts: Record<TargetCountName, number>;
  times: HistogramParts<(typeof TIME_NAMES)[number]>;
}

const COUNT_NAMES = ['ok', 'errors', 'cutOff', 'cancelled', 'cacheHits', 'cacheMisses'] as const;
type TargetCountName = (typeof COUNT_NAMES)[number];
const TIME_NAMES = ['response', 'service'] as const;

/** What was counted of targets since a table was drained last, with the place of each. */
export type TargetTablePart = [target: number, part: TargetPart][];

/** Metrics of each of several targets, by its place among them. */
export class TargetTable {
  readonly #targets: TargetMetrics[] = [];

  at(target: number): TargetMetrics {
    while (this.#targets.length <= target) this.#targets.push(new TargetMetrics());
    return this.#targets[target] as TargetMetrics;
  }

  drain(): TargetTablePart | undefined {
    const parts = this.#targets.flatMap((metrics, target): TargetTablePart => {
      const part = metrics.drain();
      return part === undefined ? [] : [[target, part]];
    });
    return parts.length === 0 ? undefined : parts;
  }

  addPart(parts: TargetTablePart): void {
    for (const [target, part] of parts) this.at(target).addPart(part);
  }
}
