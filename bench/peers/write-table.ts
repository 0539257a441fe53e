import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Table } from './table.ts';

const DOCUMENT = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url));

/** Writes the columns of a part into its table in docs/benchmarks.md; other columns stay as they are. */
export function writeTable(part: string, table: Table): void {
  writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), part, table));
}

/** The document with these columns between the part's markers. Throws where it has none. */
export function withTable(document: string, part: string, table: Table): string {
  const [from, to] = [`<!-- peers ${part} -->\n`, `<!-- /peers ${part} -->`];
  const start = document.indexOf(from) + from.length;
  const end = document.indexOf(to);
  if (start < from.length || end < start) throw new Error(`no markers of ${part} in the document`);
  const merged = Table.of(document.slice(start, end));
  merged.merge(table);
  return `${document.slice(0, start)}\n${merged.text}\n\n${document.slice(end)}`;
}
