/** Compares by UTF-16 code units, for `sort`: the same order in every language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
