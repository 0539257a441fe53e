import type { Capacity } from './search-capacity.ts';

/** What kept the load from going higher; null where nothing did, and the runs only ended before anybody could say. */
export function limitedBy(
  { type, breached }: Pick<Capacity, 'type' | 'breached'>,
  isGeneratorBound: boolean,
): Capacity['limitedBy'] {
  if (breached !== null) return 'server';
  if (isGeneratorBound) return 'generator';
  return type === 'not_reached' ? 'range' : null;
}
