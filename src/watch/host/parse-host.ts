/** Ticks of all CPUs together since the machine started. */
export interface CpuTime {
  readonly total: number;
  readonly idle: number;
  readonly steal: number;
}

/** Reads the first line of /proc/stat (proc_stat(5)); waiting for a disk is idle. */
export function parseCpuTime(text: string): CpuTime | undefined {
  const ticks = /^cpu +(.+)$/m.exec(text)?.[1]?.split(' ').slice(0, 8).map(Number) ?? [];
  if (ticks.length < 8 || ticks.some(Number.isNaN)) return undefined;
  const [idle = 0, waiting = 0, steal = 0] = [ticks[3], ticks[4], ticks[7]];
  return { total: ticks.reduce((sum, each) => sum + each, 0), idle: idle + waiting, steal };
}

/** What /proc/meminfo has, in bytes. */
export interface Memory {
  readonly total: number | undefined;
  readonly available: number | undefined;
  readonly swapUsed: number | undefined;
}

/** Reads /proc/meminfo (proc_meminfo(5)). */
export function parseMemory(text: string): Memory {
  const field = (name: string): number | undefined => {
    const kb = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return kb === undefined ? undefined : Number(kb) * 1024;
  };
  const [swap, free] = [field('SwapTotal'), field('SwapFree')];
  return {
    total: field('MemTotal'),
    available: field('MemAvailable'),
    swapUsed: swap === undefined || free === undefined ? undefined : swap - free,
  };
}

/** Reads how many pages went to swap and came from it since the machine started (/proc/vmstat). */
export function parseSwapPages(text: string): number | undefined {
  const [, pagesIn] = /^pswpin (\d+)$/m.exec(text) ?? [];
  const [, pagesOut] = /^pswpout (\d+)$/m.exec(text) ?? [];
  return pagesIn === undefined || pagesOut === undefined ? undefined : Number(pagesIn) + Number(pagesOut);
}

/** What one disk did since the machine started. */
export interface DiskCounters {
  readonly name: string;
  /** Reads, writes, discards and flushes that are done, and how long these waited and were served, together. */
  readonly done: number;
  readonly doneMs: number;
  /** How long it had something to do. */
  readonly busyMs: number;
  /** The same, each ms counted as often as operations waited or were served in it. */
  readonly weightedMs: number;
}

/** Reads /proc/diskstats (Documentation/admin-guide/iostats.rst of Linux), for the names that `isDisk` takes. */
export function parseDisks(text: string, isDisk: (name: string) => boolean): DiskCounters[] {
  return text.split('\n').flatMap((line) => {
    const [, , name = '', ...rest] = line.trim().split(/\s+/);
    const field = (number: number): number => Number(rest[number - 1] ?? 0);
    if (rest.length < 11 || !isDisk(name)) return [];
    const done = field(1) + field(5) + field(12) + field(16);
    const doneMs = field(4) + field(8) + field(15) + field(17);
    return [{ name, done, doneMs, busyMs: field(10), weightedMs: field(11) }];
  });
}

/** What one network interface carried since the machine started. */
export interface NetworkCounters {
  readonly name: string;
  readonly received: number;
  readonly sent: number;
}

/** Reads /proc/net/dev (proc_pid_net(5)), without the loopback. */
export function parseNetwork(text: string): NetworkCounters[] {
  return [...text.matchAll(/^\s*([^\s:]+):\s*(.+)$/gm)].flatMap(([, name = '', values = '']) => {
    const fields = values.trim().split(/\s+/).map(Number);
    const [received, sent] = [fields[0], fields[8]];
    if (name === 'lo' || received === undefined || sent === undefined) return [];
    return [{ name, received, sent }];
  });
}
