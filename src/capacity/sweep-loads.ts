import { Evidence, type SearchRange } from './evidence.ts';
import { limitedBy } from './limited-by.ts';
import { holds, type Probe } from './probe.ts';
import type { BoundaryType, Capacity } from './search-capacity.ts';

/** A list of loads to run, each once. */
export interface Sweep extends Omit<SearchRange, 'most' | 'least'> {
  readonly loads: readonly number[];
  probe(load: number): Promise<Probe>;
  isStopped?(): boolean;
}

/**
 * Runs each load once, from the first to the last, and says what they show together. No load between two of them was
 * looked at: the interval is never narrower than the gap that the boundary lies in.
 */
export async function sweepLoads(sweep: Sweep): Promise<Capacity> {
  const probes: Probe[] = [];
  for (const load of sweep.loads) {
    if (sweep.isStopped?.()) break;
    probes.push(await sweep.probe(load));
  }
  const range = { ...sweep, most: Math.max(...sweep.loads), least: Math.min(...sweep.loads) };
  const evidence = new Evidence(probes, range);
  const { held = null, breached = null, isMonotone } = evidence;
  const fitted = evidence.boundary();
  const boundary = fitted && {
    ...fitted,
    low: Math.min(fitted.low, held ?? fitted.low),
    high: Math.max(fitted.high, breached ?? fitted.high),
  };
  const type = typeOf(evidence, boundary !== null, probes, range);
  const isGeneratorBound = probes.some(({ kind }) => kind === 'generator');
  return {
    type,
    boundary: type === 'smooth' ? boundary : null,
    held,
    breached,
    limitedBy: limitedBy(breached, { isGeneratorBound, isAtEnd: type === 'not_reached' }),
    isMonotone,
    probes,
  };
}

function typeOf(
  evidence: Evidence,
  hasBoundary: boolean,
  probes: readonly Probe[],
  { most, least }: SearchRange,
): BoundaryType {
  const { held, breached } = evidence;
  if (held !== undefined && breached === undefined) {
    const isEnd = held >= most || probes.some(({ kind }) => kind === 'generator');
    return isEnd ? 'not_reached' : 'unknown';
  }
  if (held === undefined) {
    const lowest = probes.find(({ load, kind }) => load === least && kind === 'valid');
    return lowest !== undefined && !holds(lowest) ? 'never_held' : 'unknown';
  }
  if (evidence.isCliff(1)) return 'cliff';
  return hasBoundary ? 'smooth' : 'unknown';
}
