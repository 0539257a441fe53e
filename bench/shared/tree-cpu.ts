import { readdirSync, readFileSync } from 'node:fs';
import { processFigures } from './process-figures.ts';

/** CPU seconds of a process and of all that it and its children have started and that still run. */
export function treeCpuSeconds(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name));
  const isIn = (each: number): boolean => each === pid || (each > 1 && isIn(parents.get(each) ?? 0));
  return [...parents.keys()].filter(isIn).reduce((sum, each) => sum + processFigures(each).cpuSeconds, 0);
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0; // it ended
  }
}
