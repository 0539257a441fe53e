import { countText, numberText } from './number-text.ts';
import { textTable } from './text-table.ts';
import type { TraceSummary } from './trace-summary.ts';

/** The busiest windows, each with the command that cuts it out. */
export function busiestLines({ busiest }: TraceSummary): string[] {
  return busiest.flatMap(({ width_s: widthS, windows }, i) => {
    const columns = [
      { title: `busiest ${widthS} s (UTC)` },
      { title: 'count', align: 'right' },
      { title: 'per s', align: 'right' },
      { title: 'cut out by' },
    ] as const;
    const rows = windows.map(({ start, records, rate_per_s: rate, command }) => [
      start,
      countText(records),
      numberText(rate),
      command ?? '-',
    ]);
    return [...(i === 0 ? [] : ['']), ...textTable(columns, rows)];
  });
}
