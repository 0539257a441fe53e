import type { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import type { Watch } from '../../replay-run/options/watch-load.ts';
import type { WatchTarget } from '../../watch/watch-target.ts';
import { collect } from './flag-parsers.ts';

/** The flags about what is watched while a run goes on, as commander hands them over. */
export interface WatchFlags {
  watchPid?: string[];
  watchHost?: boolean;
  scrape?: string[];
  scrapeMetric?: string[];
}

/** Adds the flags about what is watched. */
export function withWatchFlags(command: Command): Command {
  return command
    .option(
      '--watch-pid <pid>',
      'read CPU, memory, threads, files and switches of this process each second: PID or NAME=PID; repeatable',
      collect,
    )
    .option('--watch-host', 'read CPU, memory, swap, disks and network of this machine each second')
    .option(
      '--scrape <url>',
      "read a page of metrics (Prometheus' text, OpenMetrics) each second: URL or NAME=URL; repeatable",
      collect,
    )
    .option(
      '--scrape-metric <glob>',
      'keep only the metrics of such a name, as in engram_*; repeatable (default: the first 50)',
      collect,
    );
}

/** What the flags ask to watch; undefined: nothing. Throws `usage` for what is no process, no URL or the same name twice. */
export async function watchOf(flags: WatchFlags): Promise<Watch | undefined> {
  const { watchPid = [], watchHost, scrape = [], scrapeMetric = [] } = flags;
  if (scrapeMetric.length > 0 && scrape.length === 0)
    throw usage('--scrape-metric chooses among the metrics of --scrape, which is not given');
  const targets: WatchTarget[] = [
    ...eachOf(watchPid).map((text, i) => processOf(text, nameAt('process', i))),
    ...(watchHost ? [{ kind: 'host', name: 'host' } as const] : []),
    ...scrape.map((text, i) => pageOf(text, nameAt('scrape', i), eachOf(scrapeMetric))),
  ];
  const twice = targets.find(({ name }, i) => targets.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw usage(`two things that are watched have the name ${twice.name}`);
  if (targets.length === 0) return undefined;
  const { watchTargets } = await import('../../watch/open-watch.ts');
  return watchTargets(targets);
}

/** A variable has several with commas between. */
function eachOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(',')).map((text) => text.trim());
}

function nameAt(name: string, place: number): string {
  return place === 0 ? name : `${name}_${place + 1}`;
}

function processOf(text: string, byDefault: string): WatchTarget {
  const [, name = byDefault, digits] = /^(?:([^=]*)=)?(\d+)$/.exec(text) ?? [];
  const pid = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(pid) || pid === 0)
    throw usage(`--watch-pid '${text}' is no number of a process`, 'write it as 1234 or engram=1234');
  refuseBadName(name);
  return { kind: 'process', name, pid };
}

function pageOf(text: string, byDefault: string, metrics: readonly string[]): WatchTarget {
  // A URL has a colon before any '='.
  const [, name = byDefault, given = ''] = /^(?:([^=:/]*)=)?(.*)$/s.exec(text) ?? [];
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw usage(`--scrape '${text}' is no URL of a page`, 'write it as http://127.0.0.1:9090/metrics');
  if (url.username !== '' || url.password !== '')
    throw usage('--scrape takes no user and password in its URL: they would stand in the results');
  refuseBadName(name);
  return { kind: 'scrape', name, url: url.href, metrics };
}

/** Limits and the results take numbers by such names. */
function refuseBadName(name: string): void {
  if (/^[a-z]\w*$/.test(name)) return;
  throw usage(
    `'${name}' is no name for what is watched`,
    "it begins with a small letter; letters, digits and '_' follow",
  );
}

function usage(message: string, hint?: string): EngramTraceError {
  return new EngramTraceError('usage', message, hint === undefined ? {} : { hint });
}
