import os from 'node:os';
import type { HostSection } from './results-document.ts';

/** Describes the machine this process runs on. Its name is left out, as results are shared. */
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
