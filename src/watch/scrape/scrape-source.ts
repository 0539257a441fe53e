import { resourceUnitOf } from '../../results/document/resource-metrics.ts';
import { Counters } from '../counters.ts';
import type { ResourceReading, WatchSource } from '../reading.ts';
import { parsePage, type Sample } from './parse-page.ts';

/** More series of one page are not kept. */
export const MOST_SCRAPED = 50;

/** The metrics of a page, counters as rates a second. */
export class ScrapeSource implements WatchSource {
  readonly #fetch: () => Promise<string>;
  readonly #isWanted: (sample: Sample) => boolean;
  readonly #counters = new Counters();
  readonly #kept = new Set<string>();
  /** The names of those that were one too many. */
  readonly leftOut = new Set<string>();

  constructor(fetch: () => Promise<string>, globs: readonly string[]) {
    this.#fetch = fetch;
    this.#isWanted = wanted(globs);
  }

  async read(atNs: number): Promise<readonly ResourceReading[]> {
    const samples = parsePage(await this.#fetch());
    if (samples.length === 0) throw new Error('its answer has no metrics');
    const chosen = samples.filter(this.#isWanted);
    if (chosen.length === 0)
      throw new Error(`none of its ${samples.length} metrics is one that was asked for`);
    return chosen.filter(({ name }) => this.#isKept(name)).flatMap((sample) => this.#reading(sample, atNs));
  }

  #reading({ name, metric, value, isCounter }: Sample, atNs: number): ResourceReading[] {
    if (!isCounter) return [{ metric: name, unit: resourceUnitOf(metric), value }];
    const rate = this.#counters.perSecond(name, value, atNs);
    if (rate === undefined) return [];
    return [{ metric: `${name}:rate`, unit: /bytes/.test(metric) ? 'bytes_per_s' : 'per_s', value: rate }];
  }

  /** Those that come first stay. */
  #isKept(name: string): boolean {
    if (this.#kept.has(name)) return true;
    if (this.#kept.size < MOST_SCRAPED) this.#kept.add(name);
    else if (this.leftOut.size < MOST_SCRAPED) this.leftOut.add(name);
    return this.#kept.has(name);
  }
}

/** Takes the samples whose name, with or without its labels, fits one of the globs; all where there is none. */
function wanted(globs: readonly string[]): (sample: Sample) => boolean {
  if (globs.length === 0) return () => true;
  const patterns = globs.map((glob) => {
    const words = glob.split('*').map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${words.join('.*')}$`, 's');
  });
  return ({ name, metric }) => patterns.some((pattern) => pattern.test(name) || pattern.test(metric));
}
