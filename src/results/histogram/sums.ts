/** Takes what was added up since the last time, and begins again from 0; undefined where that was nothing. */
export function drainSums<Name extends string>(
  sums: Record<Name, number>,
  names: readonly Name[],
): Record<Name, number> | undefined {
  if (names.every((name) => sums[name] === 0)) return undefined;
  const drained = Object.fromEntries(names.map((name) => [name, sums[name]])) as Record<Name, number>;
  for (const name of names) sums[name] = 0;
  return drained;
}

/** Adds each sum of a part, where there is one, to the one of its name. */
export function addSums<Name extends string>(
  sums: Record<Name, number>,
  part: Readonly<Record<Name, number>> | undefined,
): void {
  if (part === undefined) return;
  for (const name of Object.keys(part) as Name[]) sums[name] += part[name];
}
