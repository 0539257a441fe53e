/** The shortest decimal that is this 32-bit float, as a server prints a typed f32 (`0.7`). */
export function shortFloat(value: number): number {
  const float = Math.fround(value);
  if (!Number.isFinite(float)) return 0;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return Number(float.toPrecision(9));
}

/** RFC 3339 in UTC with `Z`. */
export function isoTimeOfMs(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** RFC 3339 in UTC with `+00:00`, as in answers put together from free-form JSON. */
export function isoTimeOffset(unixMs: number): string {
  return isoTimeOfMs(unixMs).replace('Z', '+00:00');
}
