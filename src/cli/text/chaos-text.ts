import type { ChaosPlanned } from '../../replay-run/options/chaos-load.ts';
import type { ChaosCounts, ChaosSection } from '../../results/document/chaos-section.ts';

/** Says in one line what was done to the target besides the load, and what it did; nothing where nothing was. */
export function chaosLines(chaos: ChaosSection | null): string[] {
  if (chaos === null) return [];
  const { plan_digest: _, ...kinds } = chaos;
  const parts = Object.entries(kinds)
    .filter(([, { planned }]) => planned > 0)
    .map(([kind, counts]) => `${counts.attempted} ${wordsOf(kind)}${endsText(counts)}`);
  return [`chaos besides: ${parts.length === 0 ? 'none was due' : parts.join('; ')}`];
}

function endsText(counts: ChaosCounts): string {
  const ends = [
    [counts.answered, 'answered'],
    [counts.closed_by_server, 'closed by the server'],
    [counts.ended_by_us, 'ended by us'],
    [counts.not_connected, 'not connected'],
    [counts.cut_off, 'cut off at the end'],
    [counts.skipped, 'more skipped'],
  ] as const;
  const shown = ends.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`;
}

/** Says what a run would do besides its load. */
export function plannedChaosLines(chaos: ChaosPlanned | undefined): string[] {
  if (chaos === undefined) return [];
  const counts = Object.entries(chaos.counts).filter(([, count]) => count > 0);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return [
    `chaos       ${all} events besides, digest ${chaos.digest.slice(0, 16)}`,
    ...counts.map(([kind, count]) => `  ${String(count).padStart(8)}  ${wordsOf(kind)}`),
  ];
}

function wordsOf(kind: string): string {
  return kind.replaceAll('_', ' ');
}
