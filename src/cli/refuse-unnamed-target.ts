import { EngramTraceError } from '../trace/error.ts';
import type { Trace } from '../trace/trace.ts';

/** Which targets someone asked for, by flag, variable or configuration file. */
export interface NamedTargets {
  http: boolean;
  grpc: boolean;
}

/**
 * Who names one target says where to replay; the default of the other protocol is then no target anybody meant.
 * Throws `usage` where the index says that the trace holds operations for it; without an index nothing is known.
 */
export function refuseUnnamedTarget({ http, grpc }: NamedTargets, trace: Trace): void {
  const stats = trace.index?.totals.stats;
  if (http === grpc || stats === undefined) return;
  const count = http ? stats.grpcRecords : stats.httpRecords;
  if (count === 0) return;
  const [missing, flag, given] = http
    ? ['gRPC', '--grpc-endpoint HOST:PORT', 'http']
    : ['HTTP', '--endpoint URL', 'grpc'];
  throw new EngramTraceError(
    'usage',
    `${count} operations of ${trace.name} are ${missing}, and no target for them was named`,
    {
      hint: `${flag}, or select with engram-trace filter --protocol ${given}`,
    },
  );
}
