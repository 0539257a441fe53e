import type { PROCESS_METRICS } from '../../results/document/resource-metrics.ts';
import { Counters } from '../counters.ts';
import { orNothing, type ProcFiles } from '../proc-files.ts';
import { GoneError, known, type ResourceReading, type WatchSource } from '../reading.ts';
import { type ProcessStat, parseProcessIo, parseProcessStat, parseProcessStatus } from './parse-process.ts';

/** CPU, memory, threads, files and switches of one process, and of no other that gets its number later. */
export class ProcessSource implements WatchSource {
  readonly #pid: number;
  readonly #cpus: number;
  readonly #files: ProcFiles;
  readonly #counters = new Counters();
  #startTicks: number | undefined;

  constructor(pid: number, cpus: number, files: ProcFiles) {
    this.#pid = pid;
    this.#cpus = cpus;
    this.#files = files;
  }

  async read(atNs: number): Promise<readonly ResourceReading[]> {
    const stat = await this.#stat();
    const [status, io, files] = await Promise.all([
      this.#optional('status'),
      this.#optional('io'),
      orNothing<readonly string[] | undefined>(this.#files.list(`/proc/${this.#pid}/fd`), undefined),
    ]);
    // The number may have changed hands while the other files were read.
    await this.#stat();
    const { rssBytes, switches, forcedSwitches } = parseProcessStatus(status);
    const { read, written } = parseProcessIo(io);
    const cores = this.#rate('cpu', stat.cpuS, atNs);
    return known<(typeof PROCESS_METRICS)[number]>({
      cpu_percent: cores && cores * 100,
      machine_cpu_percent: cores && (cores * 100) / this.#cpus,
      rss_bytes: rssBytes,
      threads: stat.threads,
      open_files: files?.length,
      read_bytes_per_s: this.#rate('read', read, atNs),
      written_bytes_per_s: this.#rate('written', written, atNs),
      context_switches_per_s: this.#rate('switches', switches, atNs),
      forced_context_switches_per_s: this.#rate('forced', forcedSwitches, atNs),
    });
  }

  async #stat(): Promise<ProcessStat> {
    const text = await this.#files.read(`/proc/${this.#pid}/stat`).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
      throw error;
    });
    const stat = text === undefined ? undefined : parseProcessStat(text);
    if (stat === undefined || stat.isDead) throw new GoneError('the process has ended');
    this.#startTicks ??= stat.startTicks;
    if (this.#startTicks === stat.startTicks) return stat;
    throw new GoneError('the process has ended, and another one has its number');
  }

  /** What another user's process keeps to itself is left out. */
  #optional(name: string): Promise<string> {
    return orNothing(this.#files.read(`/proc/${this.#pid}/${name}`), '');
  }

  #rate(name: string, value: number | undefined, atNs: number): number | undefined {
    return value === undefined ? undefined : this.#counters.perSecond(name, value, atNs);
  }
}
