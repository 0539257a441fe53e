import { EngramTraceError } from '../../error.ts';
import type { ConnectionMode } from '../../transports/connect/connection-mode.ts';
import { MOST_OWN_CONNECTIONS } from '../../transports/connect/session-pools.ts';
import { allTargets } from '../target/targets.ts';
import type { RunOptions } from './run-options.ts';

/** Files that the program itself has open, and more for each thread that sends. */
const OWN_FILES = 64;
const FILES_PER_SENDER = 16;

/**
 * Most connections to one endpoint, by the files that the process may open and, for sessions with connections of
 * their own, by a limit of ours; undefined: nobody knows of one. Throws `usage` where more are asked for: running
 * out of files would take the program's own with them.
 */
export function connectionLimit(
  run: Pick<RunOptions, 'connections' | 'http' | 'grpc' | 'moreTargets' | 'chaos'>,
  senders: number,
  openFileLimit: number | undefined,
): number | undefined {
  const { connections = 'pooled', chaos } = run;
  const byFiles =
    openFileLimit === undefined ? Infinity : spareFiles(openFileLimit, senders, chaos?.mostConnections ?? 0);
  const all = allTargets(run).flatMap(({ http, grpc }) => [http, grpc]);
  const endpoints = all.filter((endpoint) => endpoint !== undefined).length;
  const each = Math.max(1, Math.floor(byFiles / Math.max(1, endpoints)));
  refuseMore(connections, each, openFileLimit);
  const most = connections === 'recorded' ? Math.min(MOST_OWN_CONNECTIONS, each) : each;
  return most === Infinity ? undefined : most;
}

function spareFiles(openFileLimit: number, senders: number, others: number): number {
  const reserve = OWN_FILES + FILES_PER_SENDER * senders + others;
  return Math.max(Math.floor(openFileLimit / 4), openFileLimit - reserve);
}

function refuseMore(connections: ConnectionMode, most: number, openFileLimit: number | undefined): void {
  if (typeof connections !== 'number' || connections <= most) return;
  throw new EngramTraceError(
    'usage',
    `--connections ${connections} is more than ${openFileLimit} open files leave room for (${most} an endpoint)`,
    { hint: 'raise the limit of open files (ulimit -n)' },
  );
}
