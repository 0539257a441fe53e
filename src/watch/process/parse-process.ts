/** What /proc says of a process at one moment. */
export interface ProcessStat {
  /** User and system time in seconds. */
  readonly cpuS: number;
  readonly threads: number;
  /** When it started, in ticks since the machine did: another number is another process. */
  readonly startTicks: number;
  /** It has ended, and its parent has not asked how. */
  readonly isDead: boolean;
}

/** The kernel counts in hundredths of a second for programs, whatever it does inside (USER_HZ; time(7)). */
const TICKS_PER_S = 100;

/** Reads /proc/PID/stat (proc_pid_stat(5)); the name in brackets may hold anything. Undefined where it is none. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Field 4 of the manual is the first of these.
  const field = (number: number): number => Number(fields[number - 4]);
  const stat = {
    cpuS: (field(14) + field(15)) / TICKS_PER_S,
    threads: field(20),
    startTicks: field(22),
    isDead: state === 'Z' || state === 'X',
  };
  return Number.isFinite(stat.cpuS + stat.threads + stat.startTicks) ? stat : undefined;
}

/** What /proc/PID/status has of memory and of switches between tasks. */
export interface ProcessStatus {
  readonly rssBytes: number | undefined;
  readonly switches: number | undefined;
  readonly forcedSwitches: number | undefined;
}

/** Reads /proc/PID/status (proc_pid_status(5)). */
export function parseProcessStatus(text: string): ProcessStatus {
  const rssKb = fieldOf(text, 'VmRSS');
  const voluntary = fieldOf(text, 'voluntary_ctxt_switches');
  const forced = fieldOf(text, 'nonvoluntary_ctxt_switches');
  return {
    rssBytes: rssKb === undefined ? undefined : rssKb * 1024,
    switches: voluntary === undefined || forced === undefined ? undefined : voluntary + forced,
    forcedSwitches: forced,
  };
}

/** Reads /proc/PID/io (proc_pid_io(5)): bytes that went to storage or came from it. */
export function parseProcessIo(text: string): { read: number | undefined; written: number | undefined } {
  return { read: fieldOf(text, 'read_bytes'), written: fieldOf(text, 'write_bytes') };
}

function fieldOf(text: string, name: string): number | undefined {
  const value = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}
