/** CPU ticks of the whole machine since it started. */
export interface CpuTicks {
  total: number;
  steal: number;
}

/**
 * Reads the first line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal, then guest times.
 */
export function parseProcStat(text: string | undefined): CpuTicks | undefined {
  const line = text?.split('\n', 1)[0];
  if (line === undefined || !line.startsWith('cpu ')) return undefined;
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const steal = ticks[7];
  if (steal === undefined || ticks.some(Number.isNaN)) return undefined;
  return { total: ticks.reduce((sum, each) => sum + each, 0), steal };
}

/** Computes the share of the ticks that were stolen, 0 to 1; undefined where one end is missing or no tick passed. */
export function stealBetween(before: CpuTicks | undefined, after: CpuTicks | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const total = after.total - before.total;
  return total > 0 ? Math.max(0, after.steal - before.steal) / total : undefined;
}

/**
 * Reads for how many us some task had to wait for a CPU since the machine started (/proc/pressure/cpu, Linux's PSI).
 */
export function parsePressure(text: string | undefined): number | undefined {
  const total = /^some .*\btotal=(\d+)/m.exec(text ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

/** How often, and for how long in ns, a quota of CPU time stopped this process's group. */
export interface Throttling {
  periods: number;
  totalNs: number;
}

/** Reads a cgroup's cpu.stat: version 2 counts `throttled_usec`, version 1 `throttled_time` in ns. */
export function parseCgroupCpuStat(text: string | undefined): Throttling | undefined {
  const field = (name: string): number | undefined => {
    const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const periods = field('nr_throttled');
  const us = field('throttled_usec');
  const totalNs = us === undefined ? field('throttled_time') : us * 1000;
  return periods === undefined || totalNs === undefined ? undefined : { periods, totalNs };
}

/** Computes how much of the time the CPU was throttled; undefined where one of the two readings is missing. */
export function throttlingBetween(
  before: Throttling | undefined,
  after: Throttling | undefined,
): Throttling | undefined {
  if (before === undefined || after === undefined) return undefined;
  return {
    periods: Math.max(0, after.periods - before.periods),
    totalNs: Math.max(0, after.totalNs - before.totalNs),
  };
}
