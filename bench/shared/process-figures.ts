import { readFileSync } from 'node:fs';

/** Ticks per second of /proc: 100 on every Linux in use. */
const TICKS_PER_SEC = 100;

/** What the kernel says of a process and all its threads; zeros once it is gone. */
export interface ProcessFigures {
  residentMb: number;
  /** The kernel's own high-water mark: nothing between two looks is missed. */
  peakMb: number;
  /** User and system. */
  cpuSeconds: number;
}

/** Reads proc(5): `status`, and `stat` fields 14 and 15. */
export function processFigures(pid: number): ProcessFigures {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return {
      residentMb: megabytes(status, 'VmRSS'),
      peakMb: megabytes(status, 'VmHWM'),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC,
    };
  } catch {
    return { residentMb: 0, peakMb: 0, cpuSeconds: 0 };
  }
}

function megabytes(status: string, name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
}
