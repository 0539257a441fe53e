import { fnv1a } from '../hash.ts';
import type { TraceRecord } from '../trace/record/record.ts';

const MOST_ARTIFACTS = 1_000_000;
const NOT_FOUND = 404;
const LOOKUPS: ReadonlySet<string> = new Set(['has', 'get']);

/** How a build cache was used, under the names of the memobuild dialect. Counts alone are kept, and hashes of paths. */
export class CacheUse {
  readonly #stored = new Set<number>();
  #storedBytes = 0;
  stores = 0;
  hits = 0;
  misses = 0;
  /** Lookups of which nobody knows whether they hit. */
  unknown = 0;

  add({ op, path, body, bodyBytesMissing, outcome: { status } }: TraceRecord): void {
    if (op === 'put') {
      this.stores += 1;
      this.#storedBytes += body.length + bodyBytesMissing;
      if (this.#stored.size < MOST_ARTIFACTS) this.#stored.add(fnv1a(path));
    } else if (LOOKUPS.has(op)) {
      if (status === NOT_FOUND) this.misses += 1;
      else if (status !== undefined && status < 400) this.hits += 1;
      else this.unknown += 1;
    }
  }

  get lookups(): number {
    return this.hits + this.misses + this.unknown;
  }

  get artifacts(): number {
    return this.#stored.size;
  }

  get meanBytes(): number | undefined {
    return this.stores === 0 ? undefined : this.#storedBytes / this.stores;
  }

  /** Undefined where no answer tells. */
  get hitRate(): number | undefined {
    const known = this.hits + this.misses;
    return known === 0 ? undefined : this.hits / known;
  }
}
