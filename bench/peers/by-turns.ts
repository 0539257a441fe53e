import type { InstalledTool } from './installed-tools.ts';
import type { Table } from './table.ts';

/** What was measured of each tool, round by round; a text says why nothing was. */
export type Outcomes<T> = Map<InstalledTool, T[] | string>;

/** The tool can't do this. */
const NOT_FOR_IT = '–';

/**
 * Measures every tool once a round, each second round the other way about, so that a slow minute of the machine is
 * everyone's. A tool that fails is left out from then on, and its row says so.
 */
export async function byTurns<T>(
  tools: readonly InstalledTool[],
  rounds: number,
  measure: (tool: InstalledTool) => Promise<T | undefined>,
  textOf: (found: T) => string,
): Promise<Outcomes<T>> {
  const outcomes: Outcomes<T> = new Map(tools.map((tool) => [tool, tool.isThere ? [] : 'not installed']));
  for (let round = 0; round < rounds; round += 1) {
    for (const tool of round % 2 === 0 ? tools : [...tools].reverse()) {
      const found = outcomes.get(tool);
      if (!Array.isArray(found)) continue;
      try {
        const sample = await measure(tool);
        if (sample === undefined) outcomes.set(tool, NOT_FOR_IT);
        else found.push(sample);
        if (sample !== undefined) console.log(`    ${tool.name.padEnd(13)} ${textOf(sample)}`);
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        outcomes.set(tool, 'failed');
        console.log(`    ${tool.name.padEnd(13)} FAILED: ${why}`);
      }
    }
  }
  return outcomes;
}

/** Puts what was found into a column of the table: a row for each tool. */
export function fillColumn<T>(
  table: Table,
  column: string,
  outcomes: Outcomes<T>,
  cellOf: (found: readonly T[], tool: InstalledTool) => string,
): void {
  for (const [tool, found] of outcomes) {
    table.set(tool.name, 'version', tool.version);
    table.set(tool.name, column, Array.isArray(found) ? cellOf(found, tool) : found);
  }
}
