/** The server's limits, this generator, or the user's `most`; null: nothing did, and the runs only ended too early to say. */
export type LimitedBy = 'server' | 'generator' | 'range' | null;

/** What kept the load from going higher, of runs that got to the end of their range or not. */
export function limitedBy(
  breached: number | null,
  { isGeneratorBound, isAtEnd }: { readonly isGeneratorBound: boolean; readonly isAtEnd: boolean },
): LimitedBy {
  if (breached !== null) return 'server';
  if (isGeneratorBound) return 'generator';
  return isAtEnd ? 'range' : null;
}
