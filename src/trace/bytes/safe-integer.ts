/** A 64-bit integer as a number; throws a RangeError beyond 2^53, which no time or count of ours reaches. */
export function toSafe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is out of range`);
  return number;
}

/** A sum as a 64-bit integer. Sums of nonsense may pass 2^53; they stop there, so that every file written is readable. */
export function fromSum(sum: number): bigint {
  return BigInt(Math.min(sum, Number.MAX_SAFE_INTEGER));
}
