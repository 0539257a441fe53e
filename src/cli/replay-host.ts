import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { HealthSources } from '../results/generator-health.ts';
import type { HostSection } from '../results/results-document.ts';

/** The machine this process runs on. Its name is left out: results are shared. */
export function hostSection(): HostSection {
  const cpus = os.cpus();
  return {
    platform: process.platform,
    arch: process.arch,
    os_release: os.release(),
    cpu_model: cpus[0]?.model ?? '',
    cpus: cpus.length,
    memory_bytes: os.totalmem(),
    node_version: process.version,
  };
}

/** Where the health of the generator is read from. */
export const HEALTH_SOURCES: HealthSources = {
  cpuUsage: () => process.cpuUsage(),
  procStat: () => {
    try {
      return readFileSync('/proc/stat', 'utf8');
    } catch {
      return undefined; // not a Linux
    }
  },
};
