import { readFileSync } from 'node:fs';
import { wallClockMs } from '../../wall-clock.ts';
import type { HealthSources } from './generator-health.ts';

/** Where the health of the generator is read from: this process, and the files that Linux tells of it. */
export const HEALTH_SOURCES: HealthSources = {
  cpuUsage: () => process.cpuUsage(),
  procStat: () => textOf('/proc/stat'),
  cpuPressure: () => textOf('/proc/pressure/cpu'),
  cgroupCpuStat: () => firstText(cgroupCpuStatPaths(textOf('/proc/self/cgroup'))),
  clocks: { wallMs: wallClockMs, monotonicNs: () => performance.now() * 1e6 },
};

/**
 * Lists where cpu.stat of this process may be: version 2 of cgroups (one hierarchy), then version 1 (one for each
 * controller).
 */
function cgroupCpuStatPaths(cgroups: string | undefined): string[] {
  const own = (line: RegExp): string => (line.exec(cgroups ?? '')?.[1] ?? '').replace(/\/$/, '');
  const [unified, cpu] = [own(/^0::(.*)$/m), own(/^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m)];
  return [
    `/sys/fs/cgroup${unified}/cpu.stat`,
    '/sys/fs/cgroup/cpu.stat',
    `/sys/fs/cgroup/cpu${cpu}/cpu.stat`,
    '/sys/fs/cgroup/cpu/cpu.stat',
  ];
}

function firstText(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const text = textOf(path);
    if (text?.includes('nr_throttled')) return text;
  }
  return undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // not a Linux, or not for this process to read
  }
}
