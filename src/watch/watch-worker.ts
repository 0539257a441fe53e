import { parentPort, workerData } from 'node:worker_threads';
import { HostSource } from './host/host-source.ts';
import { PROC_FILES } from './proc-files.ts';
import { ProcessSource } from './process/process-source.ts';
import type { WatchSource } from './reading.ts';
import { fetchPage } from './scrape/fetch-page.ts';
import { ScrapeSource } from './scrape/scrape-source.ts';
import type { FromWatch, WatchWork } from './watch-messages.ts';
import type { WatchTarget } from './watch-target.ts';
import { type WatchClock, Watcher } from './watcher.ts';

// Entry point of the thread that watches servers while another one sends: a page that hangs holds up nobody.

const PAGE_TIMEOUT_MS = 2000;
const { targets, cpus } = workerData as WatchWork;
const clock: WatchClock = {
  nowNs: () => Number(process.hrtime.bigint()),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};
const watched = targets.map((target) => {
  const source = sourceOf(target);
  return { source, watcher: new Watcher(source, clock) };
});

parentPort?.once('message', async () => {
  await Promise.all(watched.map(({ watcher }) => watcher.end()));
  const results = watched.map(({ source, watcher }) => ({
    ...watcher.result(),
    leftOut: source instanceof ScrapeSource ? source.leftOut.size : 0,
  }));
  tell({ kind: 'ended', watched: results });
  parentPort?.close();
});
tell({ kind: 'ready', failed: await Promise.all(watched.map(({ watcher }) => watcher.begin())) });

function tell(message: FromWatch): void {
  parentPort?.postMessage(message);
}

function sourceOf(target: WatchTarget): WatchSource {
  if (target.kind === 'process') return new ProcessSource(target.pid, cpus, PROC_FILES);
  if (target.kind === 'host') return new HostSource(PROC_FILES);
  return new ScrapeSource(() => fetchPage(target.url, PAGE_TIMEOUT_MS), target.metrics);
}
