import { median } from '../support.ts';

/** What is measured, each call once: CPU us per operation. */
export type CostSubjects = Readonly<Record<string, () => Promise<number>>>;

/** What each subject cost, round by round. */
export type Costs = ReadonlyMap<string, readonly number[]>;

/** Measures by turns, so that a slow minute of the machine is everyone's. */
export async function measureCosts(subjects: CostSubjects, rounds: number): Promise<Costs> {
  const costs = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, measure] of Object.entries(subjects)) costs.get(name)?.push(await measure());
  }
  return costs;
}

/** A line for each subject: median, range, and the median of its ratios to `bases` in the same round. Load tools: start-up included. */
export function printCosts(costs: Costs, bases: readonly string[]): void {
  for (const [name, found] of costs) {
    const ratios = bases.map((base) => ratioText(found, costs.get(base), base)).join('');
    const range = `${Math.min(...found).toFixed(1)} to ${Math.max(...found).toFixed(1)}`;
    const cost = median(found).toFixed(1).padStart(6);
    console.log(`  ${name.padEnd(20)} ${cost} us CPU/op (${range})${ratios}`);
  }
}

function ratioText(found: readonly number[], others: readonly number[] | undefined, base: string): string {
  if (others === undefined) return '';
  const ratio = median(found.map((cost, round) => cost / (others[round] ?? Number.NaN)));
  return `  ${ratio.toFixed(2)} of ${base}'s`;
}
