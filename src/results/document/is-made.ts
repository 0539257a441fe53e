import type { PlanSection } from './results-document.ts';

const MADE: ReadonlySet<string> = new Set(['scenario', 'clients']);

/** Tells whether a run was made, by a scenario or for clients: there is no recording of it, and no file. */
export function isMade({ trace }: { readonly trace: Pick<PlanSection['trace'], 'format'> }): boolean {
  return MADE.has(trace.format);
}
