/** Cuts `bytes` at the given fractions of its length; every piece is at least a byte. */
export function splitAt(bytes: Buffer, fractions: readonly number[]): Buffer[] {
  const cuts = [...new Set(fractions.map((f) => Math.floor(f * bytes.length)))].sort((a, b) => a - b);
  const bounds = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length];
  return bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end));
}
