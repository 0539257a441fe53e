import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { type ClockPair, createClockWatch } from './clock-watch.ts';
import {
  parseCgroupCpuStat,
  parsePressure,
  parseProcStat,
  stealBetween,
  type Throttling,
  throttlingBetween,
} from './machine-counters.ts';

/** The health of the process that generated the load. A part that can't be known here is undefined. */
export interface GeneratorHealth {
  /** How much later than asked a timer fired. */
  eventLoopDelay: { p50Ns: number; p99Ns: number; maxNs: number } | undefined;
  gc: { count: number; totalNs: number; maxNs: number } | undefined;
  /** CPU time of the process, all threads. */
  cpu: { userNs: number; systemNs: number } | undefined;
  /** Share of all CPU time that a hypervisor took away, 0 to 1. */
  stealShare: number | undefined;
  /** Share of the time in which some task on the machine waited for a CPU, 0 to 1. */
  pressureShare: number | undefined;
  /** Stops of this process by a quota of CPU time, and their share of the time. */
  throttling: (Throttling & { share: number }) | undefined;
  /** The largest jump of the wall clock against the monotonic one, in ns. */
  clockStepNs: number | undefined;
}

/** The health of a generator that nothing is known of. */
export const UNKNOWN_HEALTH: GeneratorHealth = {
  eventLoopDelay: undefined,
  gc: undefined,
  cpu: undefined,
  stealShare: undefined,
  pressureShare: undefined,
  throttling: undefined,
  clockStepNs: undefined,
};

/** What the health probe reads of the process and the machine. */
export interface HealthSources {
  /** CPU time of the process so far, in us. */
  cpuUsage?: (() => { user: number; system: number }) | undefined;
  /** Text of /proc/stat, undefined where there is none. */
  procStat?: (() => string | undefined) | undefined;
  /** Text of /proc/pressure/cpu. */
  cpuPressure?: (() => string | undefined) | undefined;
  /** Text of cpu.stat of the process's cgroup. */
  cgroupCpuStat?: (() => string | undefined) | undefined;
  clocks?: ClockPair | undefined;
}

export interface HealthProbe {
  /** Ends the measurement. */
  stop(): GeneratorHealth;
}

const RESOLUTION_MS = 10;
const LOOK_AT_CLOCKS_MS = 1000;
// A static property that the typings leave out.
const SUPPORTED_ENTRY_TYPES = (PerformanceObserver as { supportedEntryTypes?: readonly string[] })
  .supportedEntryTypes;

/** Starts to measure the health of the generator. */
export function startHealthProbe(sources: HealthSources): HealthProbe {
  const stopDelay = watchEventLoop();
  const stopGc = watchGc();
  const stopClocks = watchClocks(sources.clocks);
  const cpuBefore = sources.cpuUsage?.();
  const stopMachine = watchMachine(sources);
  return {
    stop: () => ({
      eventLoopDelay: stopDelay(),
      gc: stopGc(),
      cpu: cpuBetween(cpuBefore, sources.cpuUsage?.()),
      ...stopMachine(),
      clockStepNs: stopClocks(),
    }),
  };
}

type MachineHealth = Pick<GeneratorHealth, 'stealShare' | 'pressureShare' | 'throttling'>;

/** Reads the counters of the machine at the start and at the end. */
function watchMachine(sources: HealthSources): () => MachineHealth {
  const read = () => ({
    ticks: parseProcStat(sources.procStat?.()),
    pressureUs: parsePressure(sources.cpuPressure?.()),
    throttling: parseCgroupCpuStat(sources.cgroupCpuStat?.()),
    atNs: performance.now() * 1e6,
  });
  const before = read();
  return () => {
    const after = read();
    const spanNs = after.atNs - before.atNs;
    const share = (ns: number): number => (spanNs > 0 ? Math.max(0, ns / spanNs) : 0);
    const throttling = throttlingBetween(before.throttling, after.throttling);
    const pressureKnown = before.pressureUs !== undefined && after.pressureUs !== undefined;
    return {
      stealShare: stealBetween(before.ticks, after.ticks),
      pressureShare: pressureKnown
        ? Math.min(1, share(((after.pressureUs ?? 0) - (before.pressureUs ?? 0)) * 1000))
        : undefined,
      throttling: throttling && { ...throttling, share: share(throttling.totalNs) },
    };
  };
}

function watchClocks(clocks: ClockPair | undefined): () => number | undefined {
  if (clocks === undefined) return () => undefined;
  const watch = createClockWatch(clocks);
  watch.look();
  const timer = setInterval(() => watch.look(), LOOK_AT_CLOCKS_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    watch.look();
    return watch.largestStepNs;
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
