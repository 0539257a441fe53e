import type { HOST_METRICS } from '../../results/document/resource-metrics.ts';
import { Counters } from '../counters.ts';
import { orNothing, type ProcFiles } from '../proc-files.ts';
import { known, type ResourceReading, type WatchSource } from '../reading.ts';
import {
  type CpuTime,
  parseCpuTime,
  parseDisks,
  parseMemory,
  parseNetwork,
  parseSwapPages,
} from './parse-host.ts';

/** Loops, memory and floppies are no disks; of the others /sys/block has the whole ones, without their partitions. */
const NO_DISK = /^(?:loop|ram|zram|fd|sr)\d/;

type Values = Partial<Record<(typeof HOST_METRICS)[number], number | undefined>>;

/** CPU, memory, swap, disks and network of the machine that this program runs on. */
export class HostSource implements WatchSource {
  readonly #files: ProcFiles;
  readonly #counters = new Counters();
  #cpu: CpuTime | undefined;
  #disks: ReadonlySet<string> | undefined;

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  async read(atNs: number): Promise<readonly ResourceReading[]> {
    this.#disks ??= new Set(
      (await orNothing(this.#files.list('/sys/block'), [])).filter((name) => !NO_DISK.test(name)),
    );
    const paths = ['/proc/stat', '/proc/meminfo', '/proc/vmstat', '/proc/diskstats', '/proc/net/dev'];
    const texts = await Promise.all(paths.map((path) => orNothing(this.#files.read(path), '')));
    const [stat = '', memory = '', pages = '', disks = '', network = ''] = texts;
    const values: Values = {
      ...this.#cpuTimes(parseCpuTime(stat)),
      ...memoryOf(memory),
      swapped_pages_per_s: this.#rate('swap', parseSwapPages(pages), atNs),
      ...this.#disk(disks, atNs),
      ...(await this.#network(network, atNs)),
    };
    return known(values as Required<Values>);
  }

  #cpuTimes(now: CpuTime | undefined): Values {
    const before = this.#cpu;
    this.#cpu = now;
    if (now === undefined || before === undefined || now.total <= before.total) return {};
    const share = (part: number): number =>
      Math.min(100, Math.max(0, (part / (now.total - before.total)) * 100));
    return {
      cpu_percent: 100 - share(now.idle - before.idle),
      steal_percent: share(now.steal - before.steal),
    };
  }

  /** Each number is that of the disk where it is highest. */
  #disk(text: string, atNs: number): Values {
    const most = { util: -1, queue: -1, latency: -1 };
    for (const disk of parseDisks(text, (name) => this.#disks?.has(name) === true)) {
      const rate = (name: string, value: number) => this.#rate(`${disk.name} ${name}`, value, atNs);
      const [busy, weighted] = [rate('busy', disk.busyMs), rate('weighted', disk.weightedMs)];
      const [done, doneMs] = [rate('done', disk.done), rate('doneMs', disk.doneMs)];
      if (busy === undefined || weighted === undefined) continue;
      most.util = Math.max(most.util, Math.min(100, busy / 10));
      most.queue = Math.max(most.queue, weighted / 1000);
      if (done !== undefined && doneMs !== undefined && done > 0)
        most.latency = Math.max(most.latency, doneMs / done);
    }
    const seen = (value: number): number | undefined => (value < 0 ? undefined : value);
    return {
      disk_util_percent: seen(most.util),
      disk_queue: seen(most.queue),
      disk_latency_ms: seen(most.latency),
    };
  }

  /** All interfaces together; the share is that of the one that has most of its speed in use, in one direction. */
  async #network(text: string, atNs: number): Promise<Values> {
    let [received, sent, share]: (number | undefined)[] = [];
    for (const { name, ...bytes } of parseNetwork(text)) {
      const inS = this.#rate(`${name} in`, bytes.received, atNs);
      const outS = this.#rate(`${name} out`, bytes.sent, atNs);
      if (inS === undefined || outS === undefined) continue;
      received = (received ?? 0) + inS;
      sent = (sent ?? 0) + outS;
      const speed = await this.#speedOf(name);
      if (speed !== undefined) share = Math.max(share ?? 0, (Math.max(inS, outS) / speed) * 100);
    }
    return {
      network_received_bytes_per_s: received,
      network_sent_bytes_per_s: sent,
      network_percent: share,
    };
  }

  /** Bytes a second that a link carries; undefined where nobody says (virtual ones, or -1). */
  async #speedOf(name: string): Promise<number | undefined> {
    const megabits = Number(await orNothing(this.#files.read(`/sys/class/net/${name}/speed`), ''));
    return megabits > 0 ? megabits * 125_000 : undefined;
  }

  #rate(name: string, value: number | undefined, atNs: number): number | undefined {
    return value === undefined ? undefined : this.#counters.perSecond(name, value, atNs);
  }
}

function memoryOf(text: string): Values {
  const { total, available, swapUsed } = parseMemory(text);
  const used = total === undefined || available === undefined ? undefined : total - available;
  return {
    memory_used_bytes: used,
    memory_percent: used === undefined || total === undefined ? undefined : (used / total) * 100,
    swap_used_bytes: swapUsed,
  };
}
