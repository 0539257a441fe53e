import { fnv1a, mix32 } from '../../hash.ts';

const TWO_32 = 2 ** 32;
const TWO_53 = 2 ** 53;
const INDEX_STEP = 0xcc9e2d51;
const DRAW_STEP = 0x9e3779b9;
const HIGH_STEP = 0x85ebca6b;

/**
 * The random numbers of one purpose (arrivals, operations, keys, …). Each depends on the seed, the purpose, an index and
 * which draw of that index it is, and on nothing else: whoever draws more for one purpose moves no other number. Integer
 * arithmetic of 32 bits only, so the bytes are the same on every machine and Node.
 */
export class SeededStream {
  readonly #first: number;
  readonly #second: number;

  constructor(seed: number, purpose: string) {
    const low = mix32(fnv1a(purpose) ^ Math.imul(seed | 0, INDEX_STEP));
    this.#first = mix32(low ^ Math.imul(Math.floor(seed / TWO_32) | 0, HIGH_STEP));
    this.#second = mix32(this.#first + DRAW_STEP);
  }

  /** 32 random bits. Two indices never share theirs at the same draw, below 2^32 indices. */
  uint32(index: number, draw = 0): number {
    return bitsOf(this.#placeOf(index), draw);
  }

  /** A number of [0, 1), in steps of 2^-32. */
  uniform(index: number, draw = 0): number {
    return this.uint32(index, draw) / TWO_32;
  }

  /** A number of (0, 1], in steps of 2^-53; takes two draws. */
  positive(index: number, draw = 0): number {
    const high = this.uint32(index, draw) * 2 ** 21;
    return (high + (this.uint32(index, draw + 1) >>> 11) + 1) / TWO_53;
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number, index: number, draw = 0): number {
    return Math.floor(this.uniform(index, draw) * count);
  }

  /**
   * Near a standard normal: the sum of four uniform numbers, with mean 0 and variance 1, never beyond 3.47. It takes two
   * draws and no logarithm.
   */
  bell(index: number, draw = 0): number {
    const place = this.#placeOf(index);
    return bellOf(bitsOf(place, draw), bitsOf(place, draw + 1));
  }

  /** Fills a list with what `uniform` gives for one index, from a draw on. */
  uniforms(into: Float64Array, index: number, draw: number): void {
    const place = this.#placeOf(index);
    for (let i = 0; i < into.length; i++) into[i] = bitsOf(place, draw + i) / TWO_32;
  }

  /** Fills a list with what `bell` gives for one index, from a draw on. */
  bells(into: Float64Array, index: number, draw: number): void {
    const place = this.#placeOf(index);
    for (let i = 0; i < into.length; i++) {
      const at = draw + 2 * i;
      into[i] = bellOf(bitsOf(place, at), bitsOf(place, at + 1));
    }
  }

  /** Where the draws of an index begin. */
  #placeOf(index: number): number {
    const mixed = mix32(this.#first ^ Math.imul(index | 0, INDEX_STEP));
    const high = Math.imul(Math.floor(index / TWO_32) | 0, HIGH_STEP);
    return (mixed + this.#second + high) | 0;
  }
}

function bitsOf(place: number, draw: number): number {
  return mix32((place + Math.imul(draw, DRAW_STEP)) | 0);
}

function bellOf(one: number, two: number): number {
  const sum = (one >>> 16) + (one & 0xffff) + (two >>> 16) + (two & 0xffff);
  return (sum - BELL_MEAN) * BELL_SCALE;
}

/** Of four whole numbers from 0 to 65535. */
const BELL_MEAN = 2 * 0xffff;
const BELL_SCALE = 1 / Math.sqrt((65536 * 65536 - 1) / 3);
