/** One thing that is watched while a run goes on. Plain data. */
export type WatchTarget = ProcessTarget | HostTarget | ScrapeTarget;

export interface ProcessTarget {
  readonly kind: 'process';
  /** What its series are called by: `process`, or what the user said. */
  readonly name: string;
  readonly pid: number;
}

export interface HostTarget {
  readonly kind: 'host';
  readonly name: string;
}

/** A page of metrics in Prometheus' text format or in OpenMetrics. */
export interface ScrapeTarget {
  readonly kind: 'scrape';
  readonly name: string;
  readonly url: string;
  /** Globs of the metrics that are kept (`*` for any text); all where there is none. */
  readonly metrics: readonly string[];
}

/** What people know a target by. */
export function labelOf(target: WatchTarget): string {
  if (target.kind === 'process') return `pid ${target.pid}`;
  return target.kind === 'host' ? 'this machine' : target.url;
}
