import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** How the process that generated the load was doing. A part that can't be known here is undefined. */
export interface GeneratorHealth {
  /** How much later than asked a timer fired. */
  eventLoopDelay: { p50Ns: number; p99Ns: number; maxNs: number } | undefined;
  gc: { count: number; totalNs: number; maxNs: number } | undefined;
  /** CPU time of the process, all threads. */
  cpu: { userNs: number; systemNs: number } | undefined;
  /** Share of all CPU time that a hypervisor took away, 0 to 1. */
  stealShare: number | undefined;
}

/** Nothing known. */
export const UNKNOWN_HEALTH: GeneratorHealth = {
  eventLoopDelay: undefined,
  gc: undefined,
  cpu: undefined,
  stealShare: undefined,
};

/** What the probe asks of the machine. */
export interface HealthSources {
  /** CPU time of the process so far, in us. */
  cpuUsage?: (() => { user: number; system: number }) | undefined;
  /** Text of /proc/stat, undefined where there is none. */
  procStat?: (() => string | undefined) | undefined;
}

export interface HealthProbe {
  /** Ends the measurement. */
  stop(): GeneratorHealth;
}

const RESOLUTION_MS = 10;
// A static property that the typings leave out.
const SUPPORTED_ENTRY_TYPES = (PerformanceObserver as { supportedEntryTypes?: readonly string[] })
  .supportedEntryTypes;

/** Starts measuring. */
export function startHealthProbe(sources: HealthSources): HealthProbe {
  const stopDelay = watchEventLoop();
  const stopGc = watchGc();
  const cpuBefore = sources.cpuUsage?.();
  const statBefore = parseProcStat(sources.procStat?.());
  return {
    stop: () => ({
      eventLoopDelay: stopDelay(),
      gc: stopGc(),
      cpu: cpuBetween(cpuBefore, sources.cpuUsage?.()),
      stealShare: stealBetween(statBefore, parseProcStat(sources.procStat?.())),
    }),
  };
}

function watchEventLoop(): () => GeneratorHealth['eventLoopDelay'] {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  // The histogram holds the whole interval between two ticks; what is above the interval asked for is delay.
  const delayNs = (ns: number): number => Math.max(0, ns - RESOLUTION_MS * 1e6);
  return () => {
    delays.disable();
    if (delays.count === 0) return undefined;
    return {
      p50Ns: delayNs(delays.percentile(50)),
      p99Ns: delayNs(delays.percentile(99)),
      maxNs: delayNs(delays.max),
    };
  };
}

function watchGc(): () => GeneratorHealth['gc'] {
  if (!SUPPORTED_ENTRY_TYPES?.includes('gc')) return () => undefined;
  const gc = { count: 0, totalNs: 0, maxNs: 0 };
  const take = (entries: readonly { duration: number }[]): void => {
    for (const { duration } of entries) {
      gc.count++;
      gc.totalNs += duration * 1e6;
      gc.maxNs = Math.max(gc.maxNs, duration * 1e6);
    }
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    take(observer.takeRecords());
    observer.disconnect();
    return gc;
  };
}

type CpuUsage = { user: number; system: number } | undefined;

function cpuBetween(before: CpuUsage, after: CpuUsage): GeneratorHealth['cpu'] {
  if (before === undefined || after === undefined) return undefined;
  return { userNs: (after.user - before.user) * 1000, systemNs: (after.system - before.system) * 1000 };
}

/** CPU ticks of the whole machine since it started. */
export interface CpuTicks {
  total: number;
  steal: number;
}

/** The first line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal, then guest times. */
export function parseProcStat(text: string | undefined): CpuTicks | undefined {
  const line = text?.split('\n', 1)[0];
  if (line === undefined || !line.startsWith('cpu ')) return undefined;
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const steal = ticks[7];
  if (steal === undefined || ticks.some(Number.isNaN)) return undefined;
  return { total: ticks.reduce((sum, each) => sum + each, 0), steal };
}

/** Undefined where one end is missing or no tick passed. */
export function stealBetween(before: CpuTicks | undefined, after: CpuTicks | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const total = after.total - before.total;
  return total > 0 ? Math.max(0, after.steal - before.steal) / total : undefined;
}
