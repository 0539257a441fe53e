import { visibleText } from '../visible-text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lays out rows under titles, columns two spaces apart, without trailing space. Widths count UTF-16 units. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map((column) => column.title), ...rows.map((row) => row.map(visibleText))];
  const widths = columns.map((_, c) => Math.max(...lines.map((line) => (line[c] ?? '').length)));
  return lines.map((line) =>
    columns
      .map(({ align = 'left' }, c) => {
        const cell = line[c] ?? '';
        return align === 'right' ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
}
