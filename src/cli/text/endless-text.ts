import type { LatencySection } from '../../results/document/latency-section.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import type { EndlessEnd } from '../../results/tally/endless-metrics.ts';
import { provenPercentile } from './op-table-text.ts';

const ENDS: Readonly<Record<EndlessEnd, string>> = {
  by_server: 'ended by the server',
  cancelled_as_recorded: 'left as recorded',
  timeout: 'timed out',
  cut_off: 'cut off',
  broken: 'broken',
};

/** Says what came in endless answers, and how they ended; no line where there were none. */
export function endlessLines(section: ResultsDocument['endless_answers']): string[] {
  if (section === null) return [];
  const { answers, max_open: open, events, comments, events_unknown: unknown } = section;
  const ends = Object.entries(ENDS).filter(([end]) => section.ended[end as EndlessEnd] > 0);
  const ended = ends.map(([end, words]) => `${section.ended[end as EndlessEnd]} ${words}`);
  const lines = [`endless answers: ${answers} (at most ${open} open at one time): ${ended.join(', ')}`];
  if (events !== null) {
    const { first_event_ms: first, event_gap_ms: gap, longest_silence_ms: silence } = section;
    lines.push(
      `  ${events} events, ${comments} comments   first event p50 ${ms(first, 'p50')}` +
        `   gap p50 ${ms(gap, 'p50')}  p99 ${ms(gap, 'p99')}` +
        `   longest silence ${msText(silence.overall.max)}`,
    );
  }
  if (unknown > 0) lines.push(`  the events of ${unknown} are not counted: nothing tells them apart`);
  return lines;
}

function ms({ overall }: LatencySection, share: 'p50' | 'p99'): string {
  return msText(provenPercentile(overall, share));
}

function msText(value: number | null): string {
  return value === null ? '-' : `${Number(value.toPrecision(4))} ms`;
}
