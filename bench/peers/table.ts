/** The head of the first column. */
const CORNER = 'tool';

/** Rows about a whole column: they stay below all others. */
export const LAST_ROWS = ['the server', 'measured with'] as const;

/** A table that grows column by column; all cells are text. */
export class Table {
  readonly #rows = new Map<string, Map<string, string>>();
  readonly #columns: string[] = [];

  /** Reads what `text` gave; anything else gives an empty table. */
  static of(text: string): Table {
    const table = new Table();
    const [head = [], , ...rows] = text
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    for (const [row = '', ...cells] of rows) {
      for (const [i, cell] of cells.entries()) table.set(row, head[i + 1] ?? '', cell);
    }
    return table;
  }

  set(row: string, column: string, cell: string): void {
    if (!this.#columns.includes(column)) this.#columns.push(column);
    const cells = this.#rows.get(row) ?? new Map<string, string>();
    this.#rows.set(row, cells.set(column, cell));
  }

  /** Takes every cell of another; what it has not stays. */
  merge(other: Table): void {
    for (const [row, cells] of other.#rows) for (const [column, cell] of cells) this.set(row, column, cell);
  }

  /** Markdown. */
  get text(): string {
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    const isLast = (row: string): boolean => LAST_ROWS.some((last) => last === row);
    const names = [...this.#rows.keys()];
    const rows = [...names.filter((row) => !isLast(row)), ...names.filter(isLast)].map((row) =>
      line([row, ...this.#columns.map((column) => this.#rows.get(row)?.get(column) ?? '')]),
    );
    const head = [CORNER, ...this.#columns];
    return [line(head), `|${head.map(() => '---|').join('')}`, ...rows].join('\n');
  }
}
