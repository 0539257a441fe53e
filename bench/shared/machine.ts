import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** What a figure depends on besides the code: runtime, cores, and what else goes on. */
export function machineText(): string {
  const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(read('/proc/self/status'))?.[1] ?? '?';
  const cores = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), this process may use ${allowed}`;
  return `Node ${process.versions.node}, ${cores}; ${loadText()}`;
}

/** Load averages, and how much of the last 10 s some process waited for a CPU where the system tells. */
export function loadText(): string {
  const loads = loadavg().map((load) => load.toFixed(1));
  const pressure = /some avg10=([\d.]+)/.exec(read('/proc/pressure/cpu'))?.[1];
  const waited = pressure === undefined ? '' : `, CPU pressure ${pressure} %`;
  return `load average (1, 5, 15 min) ${loads.join(' ')}${waited}`;
}

/** A core besides the one the generator is pinned to, where there are two. */
export function hasSecondCore(): boolean {
  return availableParallelism() > 1;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
