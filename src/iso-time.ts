/** A wall-clock time as ISO 8601 in UTC, with `digits` digits of the second (0 to 9), cut and not rounded. */
export function isoTime(unixNs: bigint, digits = 3): string {
  const belowSecond = ((unixNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const date = new Date(Number((unixNs - belowSecond) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return `${unixNs} ns`;
  const fraction = digits === 0 ? '' : `.${belowSecond.toString().padStart(9, '0').slice(0, digits)}`;
  return date.toISOString().replace(/\.\d+Z$/, `${fraction}Z`);
}
