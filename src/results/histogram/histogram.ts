import { DOUBLE_ZERO } from '../../stable-shapes.ts';
import { encodeHdr } from './encode-hdr.ts';
import { type Ruler, rulerOf } from './hdr-library.ts';

/** Buckets with something in them: what a histogram is when nobody writes to it. `freeze` has them ascending. */
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

/** The widest span a bucket exists for: one hour. */
export const HIGHEST_NS = 3_600_000_000_000;

const NO_COUNTS = new Float64Array(0);

/**
 * A histogram of nanoseconds from 0 to one hour (an HdrHistogram, which grows as values ask for it).
 * Nothing is dropped: a negative value counts as 0 and a longer one as an hour, and both are counted apart.
 * Count, sum, minimum and maximum are exact; percentiles are exact to the number of digits.
 */
export class Histogram {
  readonly #ruler: Ruler;
  readonly #unitNs: number;
  readonly #magnitude: number;
  // Doubles: a 32-bit bucket would wrap in silence after 4.3e9 values.
  #counts = NO_COUNTS;
  /** Buckets with something in them, in no order; kept from the first drain on, so that draining looks at no others. */
  #touched: number[] | undefined;
  #count = 0;
  #sumNs = DOUBLE_ZERO;
  #minNs = Number.POSITIVE_INFINITY;
  #maxNs = Number.NEGATIVE_INFINITY;
  #clampedBelow = 0;
  #clampedAbove = 0;

  constructor(options: HistogramOptions = {}) {
    this.#ruler = rulerOf(options.digits ?? 3, options.lowestNs ?? 1000);
    this.#unitNs = 2 ** this.#ruler.unitMagnitude;
    this.#magnitude = this.#ruler.subBucketHalfCountMagnitude;
  }

  /** How many values were recorded, clamped ones included. */
  get count(): number {
    return this.#count;
  }

  get sumNs(): number {
    return this.#sumNs;
  }

  /** How many values were negative (or not a number) and counted as 0. */
  get clampedBelow(): number {
    return this.#clampedBelow;
  }

  /** How many values were above an hour, and count as one in percentiles; the maximum stays true. */
  get clampedAbove(): number {
    return this.#clampedAbove;
  }

  /** The true minimum in ns, undefined while empty. */
  get minNs(): number | undefined {
    return this.#count === 0 ? undefined : this.#minNs;
  }

  /** The true maximum in ns, undefined while empty. */
  get maxNs(): number | undefined {
    return this.#count === 0 ? undefined : this.#maxNs;
  }

  get meanNs(): number | undefined {
    return this.#count === 0 ? undefined : this.#sumNs / this.#count;
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
    const index = this.#indexOf(ns);
    if (index >= this.#counts.length) this.#grow(index);
    const before = this.#counts[index] as number;
    this.#counts[index] = before + 1;
    this.#count++;
    if (before === 0 && this.#touched !== undefined) this.#touched.push(index);
  }

  /**
   * Computes an index by the library's bucket rule (half a bucket's sub-buckets for every power of two), with shifts in
   * place of its powers and logarithms: that is five times faster, and this is on the hot path.
   */
  #indexOf(ns: number): number {
    const units = ns / this.#unitNs;
    if (units >= 2 ** 31) return this.#ruler.countsArrayIndex(ns);
    const whole = units | 0;
    const exponent = Math.max(0, 31 - Math.clz32(whole) - this.#magnitude);
    return (exponent << this.#magnitude) + (whole >> exponent);
  }

  /** Makes room up to the end of the half bucket that the index is in. */
  #grow(index: number): void {
    const counts = new Float64Array(((index >> this.#magnitude) + 1) << this.#magnitude);
    counts.set(this.#counts);
    this.#counts = counts;
  }

  /** Gives the value in ns at a percentile from 0 to 100, never outside [min, max]; undefined while empty. */
  percentileNs(percentile: number): number | undefined {
    if (this.#count === 0) return undefined;
    const ns = this.#ruler.highestEquivalentValue(this.#ruler.valueFromIndex(this.#indexAt(percentile)));
    return Math.min(Math.max(ns, this.#minNs), this.#maxNs);
  }

  /**
   * Finds a percentile by the library's rule, but begins at the first bucket with something in it: those below are
   * empty, and many.
   */
  #indexAt(percentile: number): number {
    const exact = (Math.min(percentile, 100) / 100) * this.#count;
    // A product may come out one unit of its last place above the whole number it is.
    const lastPlace = 2 ** (Math.floor(Math.log2(exact)) - 52);
    const wanted = Math.max(1, Math.ceil(exact - lastPlace));
    let seen = 0;
    let index = this.#firstIndex;
    for (; index < this.#counts.length - 1; index++) {
      seen += this.#counts[index] as number;
      if (seen >= wanted) break;
    }
    return index;
  }

  /** The first bucket that may have something in it. */
  get #firstIndex(): number {
    return this.#count === 0 ? 0 : this.#indexOf(Math.max(0, Math.min(this.#minNs, HIGHEST_NS)));
  }

  /** Adds another of the same precision. */
  add(other: Histogram): void {
    if (other.#count === 0) return;
    if (other.#counts.length > this.#counts.length) this.#grow(other.#counts.length - 1);
    for (let index = other.#firstIndex; index < other.#counts.length; index++) {
      const count = other.#counts[index] as number;
      if (count > 0) this.#addAt(index, count);
    }
    const { count, sumNs, clampedBelow, clampedAbove } = other;
    this.#addTotals({ count, sumNs, minNs: other.#minNs, maxNs: other.#maxNs, clampedBelow, clampedAbove });
  }

  /** Adds what `freeze` or `drain` gave; the other must have had the same precision. */
  addFrozen(frozen: FrozenHistogram): void {
    const { indexes, counts } = frozen;
    this.#growTo(indexes);
    const own = this.#counts;
    const touched = this.#touched;
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i] as number;
      const before = own[index] as number;
      own[index] = before + (counts[i] as number);
      if (before === 0 && touched !== undefined) touched.push(index);
    }
    this.#addTotals(frozen);
  }

  #growTo(indexes: Uint32Array): void {
    let highest = -1;
    for (let i = 0; i < indexes.length; i++) highest = Math.max(highest, indexes[i] as number);
    if (highest >= this.#counts.length) this.#grow(highest);
  }

  #addAt(index: number, count: number): void {
    const before = this.#counts[index] as number;
    this.#counts[index] = before + count;
    if (before === 0 && this.#touched !== undefined) this.#touched.push(index);
  }

  #addTotals(other: Omit<FrozenHistogram, keyof SparseBuckets>): void {
    this.#count += other.count;
    this.#sumNs += other.sumNs;
    this.#minNs = Math.min(this.#minNs, other.minNs);
    this.#maxNs = Math.max(this.#maxNs, other.maxNs);
    this.#clampedBelow += other.clampedBelow;
    this.#clampedAbove += other.clampedAbove;
  }

  /** Makes a small copy without the empty buckets. */
  freeze(): FrozenHistogram {
    return this.#frozen(this.#nonEmpty());
  }

  /**
   * Takes out what was recorded since the last drain; undefined where that was nothing. It costs as much as the buckets
   * that were touched, however many there are.
   */
  drain(): FrozenHistogram | undefined {
    if (this.#count === 0) {
      this.#touched ??= [];
      return undefined;
    }
    const touched = this.#touched ?? this.#nonEmpty();
    const frozen = this.#frozen(touched);
    for (let i = 0; i < touched.length; i++) this.#counts[touched[i] as number] = 0;
    this.#touched = [];
    this.#count = 0;
    this.#sumNs = DOUBLE_ZERO;
    this.#minNs = Number.POSITIVE_INFINITY;
    this.#maxNs = Number.NEGATIVE_INFINITY;
    this.#clampedBelow = 0;
    this.#clampedAbove = 0;
    return frozen;
  }

  #frozen(touched: readonly number[]): FrozenHistogram {
    // By loops: `from` of a typed array takes ten times as long, and this is done ten times a second.
    const own = this.#counts;
    const indexes = new Uint32Array(touched.length);
    const counts = new Float64Array(touched.length);
    for (let i = 0; i < touched.length; i++) {
      const index = touched[i] as number;
      indexes[i] = index;
      counts[i] = own[index] as number;
    }
    return {
      indexes,
      counts,
      count: this.#count,
      sumNs: this.#sumNs,
      minNs: this.#minNs,
      maxNs: this.#maxNs,
      clampedBelow: this.#clampedBelow,
      clampedAbove: this.#clampedAbove,
    };
  }

  #nonEmpty(): number[] {
    const indexes: number[] = [];
    for (let index = this.#firstIndex; index < this.#counts.length; index++) {
      if (this.#counts[index] !== 0) indexes.push(index);
    }
    return indexes;
  }

  /** Non-empty buckets, ascending. Two histograms of one precision have the same bucket values. */
  *buckets(): Generator<Bucket> {
    for (const index of this.#nonEmpty()) {
      const valueNs = this.#ruler.medianEquivalentValue(this.#ruler.valueFromIndex(index));
      yield { valueNs, count: this.#counts[index] as number };
    }
  }

  /** Encodes it as compressed HdrHistogram V2 in base64, which every HdrHistogram library reads; values are in ns. */
  encode(): string {
    let last = this.#counts.length - 1;
    while (last > 0 && this.#counts[last] === 0) last--;
    return encodeHdr(this.#counts, Math.max(0, last), this.#ruler);
  }
}
