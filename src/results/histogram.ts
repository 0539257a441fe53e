// The package's own entry also compiles a WebAssembly twin of all this, which takes most of its time to load.

import float64 from 'hdr-histogram-js/dist/Float64Histogram.js';
import encoding from 'hdr-histogram-js/dist/JsHistogram.encoding.js';
import { DOUBLE_ZERO } from '../stable-shapes.ts';

/** Buckets with something in them, ascending: what a histogram is when nobody writes to it. */
export interface SparseBuckets {
  indexes: Uint32Array;
  counts: Float64Array;
}

/** Everything a histogram knows, in little memory. Only for a histogram of the same precision. */
export interface FrozenHistogram extends SparseBuckets {
  count: number;
  sumNs: number;
  minNs: number;
  maxNs: number;
  clampedBelow: number;
  clampedAbove: number;
}

/** One bucket: its middle, in ns, and how many values fell into it. */
export interface Bucket {
  valueNs: number;
  count: number;
}

export interface HistogramOptions {
  /** Significant decimal digits of a percentile, 1 to 5. */
  digits?: number;
  /** Values below are told apart by no more than this, in ns. */
  lowestNs?: number;
}

const Float64Histogram = float64.default;

/** The widest span a bucket exists for: one hour. */
export const HIGHEST_NS = 3_600_000_000_000;

/**
 * A histogram of nanoseconds from 0 to one hour (an HdrHistogram, which grows as values ask for it).
 * Nothing is dropped: a negative value counts as 0 and a longer one as an hour, and both are counted apart.
 * Count, sum, minimum and maximum are exact; percentiles are exact to the number of digits.
 */
export class Histogram {
  readonly #hdr: InstanceType<typeof Float64Histogram>;
  readonly #digits: number;
  readonly #lowestNs: number;
  readonly #unitNs: number;
  readonly #magnitude: number;
  #sumNs = DOUBLE_ZERO;
  #minNs = Number.POSITIVE_INFINITY;
  #maxNs = Number.NEGATIVE_INFINITY;
  #clampedBelow = 0;
  #clampedAbove = 0;

  constructor(options: HistogramOptions = {}) {
    this.#digits = options.digits ?? 3;
    this.#lowestNs = options.lowestNs ?? 1000;
    // Counts are doubles: a 32-bit bucket would wrap in silence after 4.3e9 values.
    this.#hdr = new Float64Histogram(this.#lowestNs, 2 * this.#lowestNs, this.#digits);
    this.#hdr.autoResize = true;
    this.#unitNs = 2 ** this.#hdr.unitMagnitude;
    this.#magnitude = this.#hdr.subBucketHalfCountMagnitude;
  }

  /** Values recorded, clamped ones included. */
  get count(): number {
    return this.#hdr.totalCount;
  }

  get sumNs(): number {
    return this.#sumNs;
  }

  /** Values that were negative (or not a number) and were counted as 0. */
  get clampedBelow(): number {
    return this.#clampedBelow;
  }

  /** Values above an hour, counted as an hour in percentiles; the maximum stays true. */
  get clampedAbove(): number {
    return this.#clampedAbove;
  }

  /** The true minimum in ns, undefined while empty. */
  get minNs(): number | undefined {
    return this.count === 0 ? undefined : this.#minNs;
  }

  /** The true maximum in ns, undefined while empty. */
  get maxNs(): number | undefined {
    return this.count === 0 ? undefined : this.#maxNs;
  }

  get meanNs(): number | undefined {
    return this.count === 0 ? undefined : this.#sumNs / this.count;
  }

  record(valueNs: number): void {
    let ns = valueNs;
    if (!(ns >= 0)) {
      this.#clampedBelow++;
      ns = 0;
    }
    this.#sumNs += ns;
    if (ns < this.#minNs) this.#minNs = ns;
    if (ns > this.#maxNs) this.#maxNs = ns;
    if (ns > HIGHEST_NS) {
      this.#clampedAbove++;
      ns = HIGHEST_NS;
    }
    const units = ns / this.#unitNs;
    if (units < 2 ** 31) this.#count(this.#indexOf(units), ns);
    else this.#hdr.recordValue(ns);
  }

  /**
   * The library's bucket rule (half a bucket's sub-buckets for every power of two), with shifts in place of its powers
   * and logarithms: the same index five times faster, and this is on the hot path.
   */
  #indexOf(units: number): number {
    const whole = units | 0;
    const exponent = Math.max(0, 31 - Math.clz32(whole) - this.#magnitude);
    return (exponent << this.#magnitude) + (whole >> exponent);
  }

  #count(index: number, ns: number): void {
    if (index >= this.#hdr.countsArrayLength) this.#hdr.resize(ns);
    this.#hdr.incrementCountAtIndex(index);
    this.#hdr.incrementTotalCount();
  }

  /** Value in ns at a percentile from 0 to 100, never outside [min, max]; undefined while empty. */
  percentileNs(percentile: number): number | undefined {
    if (this.count === 0) return undefined;
    const ns = this.#hdr.highestEquivalentValue(this.#hdr.valueFromIndex(this.#indexAt(percentile)));
    return Math.min(Math.max(ns, this.#minNs), this.#maxNs);
  }

  /** The library's rule, from the first bucket with something in it on: most of those below are empty, and many. */
  #indexAt(percentile: number): number {
    const exact = (Math.min(percentile, 100) / 100) * this.count;
    // A product may come out one unit of its last place above the whole number it is.
    const lastPlace = 2 ** (Math.floor(Math.log2(exact)) - 52);
    const wanted = Math.max(1, Math.ceil(exact - lastPlace));
    let seen = 0;
    let index = this.#firstIndex;
    for (; index < this.#hdr.countsArrayLength - 1; index++) {
      seen += this.#hdr.getCountAtIndex(index);
      if (seen >= wanted) break;
    }
    return index;
  }

  /** No bucket below has anything in it. */
  get #firstIndex(): number {
    const units = Math.max(0, Math.min(this.#minNs, HIGHEST_NS)) / this.#unitNs;
    return units < 2 ** 31 ? this.#indexOf(units) : 0;
  }

  add(other: Histogram): void {
    if (other.count > 0) this.addFrozen(other.freeze());
  }

  /** Adds what `freeze` gave; the other must have had the same precision. */
  addFrozen(frozen: FrozenHistogram): void {
    const last = frozen.indexes.at(-1);
    if (last === undefined) return;
    if (last >= this.#hdr.countsArrayLength) this.#hdr.resize(this.#hdr.valueFromIndex(last));
    for (let i = 0; i < frozen.indexes.length; i++) {
      this.#hdr.addToCountAtIndex(frozen.indexes[i] as number, frozen.counts[i] as number);
    }
    this.#hdr.addToTotalCount(frozen.count);
    this.#sumNs += frozen.sumNs;
    this.#minNs = Math.min(this.#minNs, frozen.minNs);
    this.#maxNs = Math.max(this.#maxNs, frozen.maxNs);
    this.#clampedBelow += frozen.clampedBelow;
    this.#clampedAbove += frozen.clampedAbove;
  }

  /** A small copy without the empty buckets. */
  freeze(): FrozenHistogram {
    const indexes: number[] = [];
    const counts: number[] = [];
    for (let index = this.#firstIndex; index < this.#hdr.countsArrayLength; index++) {
      const count = this.#hdr.getCountAtIndex(index);
      if (count === 0) continue;
      indexes.push(index);
      counts.push(count);
    }
    return {
      indexes: Uint32Array.from(indexes),
      counts: Float64Array.from(counts),
      count: this.count,
      sumNs: this.#sumNs,
      minNs: this.#minNs,
      maxNs: this.#maxNs,
      clampedBelow: this.#clampedBelow,
      clampedAbove: this.#clampedAbove,
    };
  }

  /** Non-empty buckets, ascending. Two histograms of one precision have the same bucket values. */
  *buckets(): Generator<Bucket> {
    for (let index = this.#firstIndex; index < this.#hdr.countsArrayLength; index++) {
      const count = this.#hdr.getCountAtIndex(index);
      if (count === 0) continue;
      yield { valueNs: this.#hdr.medianEquivalentValue(this.#hdr.valueFromIndex(index)), count };
    }
  }

  /** HdrHistogram V2 compressed encoding, base64, readable by every HdrHistogram library; values in ns. */
  encode(): string {
    // The library encodes buckets up to its own idea of the maximum, which adding frozen buckets goes past.
    const copy = new Float64Histogram(this.#lowestNs, 2 * this.#lowestNs, this.#digits);
    copy.autoResize = true;
    for (let index = this.#firstIndex; index < this.#hdr.countsArrayLength; index++) {
      const count = this.#hdr.getCountAtIndex(index);
      if (count > 0) copy.recordValueWithCount(this.#hdr.valueFromIndex(index), count);
    }
    return copy.encodeIntoCompressedBase64();
  }
}

/** A histogram as it is read back. */
export interface DecodedHistogram {
  count: number;
  percentileNs(percentile: number): number;
  /** Those with something in them, ascending: the highest value each stands for, and how many there are. */
  buckets(): Generator<{ topNs: number; count: number }>;
}

/** Decodes `Histogram.encode`: how a histogram in a results document is read back. */
export function decodeHistogram(base64: string): DecodedHistogram {
  const decoded = encoding.doDecode(encoding.decompress(Buffer.from(base64, 'base64')), 64);
  return {
    count: decoded.totalCount,
    percentileNs: (percentile) => decoded.getValueAtPercentile(percentile),
    *buckets() {
      for (let index = 0; index < decoded.countsArrayLength; index++) {
        const count = decoded.getCountAtIndex(index);
        if (count > 0) yield { topNs: decoded.highestEquivalentValue(decoded.valueFromIndex(index)), count };
      }
    },
  };
}
