import { loadavg } from 'node:os';
import type { InstalledTool } from '../installed-tools.ts';
import type { Counter } from '../play.ts';
import type { Sink } from '../sink/with-sink.ts';
import { LAST_ROWS, type Table } from '../table.ts';
import type { Work } from '../tool.ts';
import type { RequestName } from '../write-plan.ts';

/** A server and who counts at it. */
export interface Target extends Counter {
  readonly name: string;
  readonly port: number;
}

/** What the parts of the bench share. */
export interface Bench {
  readonly folder: string;
  readonly tools: readonly InstalledTool[];
  readonly sink: Sink;
  /** nginx for HTTP where it is installed, else the sink; for gRPC the sink, which answers in batches. */
  targetOf(kind: Work['kind']): Target;
  readonly options: BenchOptions;
}

/** What may be chosen: see `--help`. */
export interface BenchOptions {
  readonly workloads: readonly RequestName[];
  /** 0: as many as the part has by itself. */
  readonly rounds: number;
  readonly seconds: number;
  readonly operations: number;
  readonly posts: number;
  readonly rates: readonly number[];
  readonly lowRates: readonly number[];
  readonly connections: number;
  readonly inFlight: number;
}

/** One table of the document: measures, and gives its columns. */
export type Part = (bench: Bench) => Promise<Table>;

/** How a column came about, for its last rows; a machine that has other work as well spoils latencies first. */
export function noteColumn(table: Table, column: string, server: string, how: string): void {
  table.set(LAST_ROWS[0], column, server);
  table.set(LAST_ROWS[1], column, `${how}, load average ${(loadavg()[0] ?? 0).toFixed(1)}`);
}
