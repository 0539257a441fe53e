import { EngramTraceError } from '../../error.ts';
import type { EndpointLists } from '../../replay-run/target/pair-endpoints.ts';
import type { Trace } from '../../trace/trace.ts';

/** Which targets someone asked for, by flag, variable or configuration file. */
export interface NamedTargets {
  http: boolean;
  grpc: boolean;
}

/**
 * Who names one target says where to replay; the default of the other protocol is then no target anybody meant.
 * Who names none gets both defaults.
 */
export function targetsMeant({ http, grpc }: NamedTargets, targets: EndpointLists): EndpointLists {
  if (http === grpc) return targets;
  return { http: http ? targets.http : [], grpc: grpc ? targets.grpc : [] };
}

/**
 * Throws `usage` where it is known that the trace holds operations for a target that is not meant. Where nothing is
 * known, those records are then left out, and counted.
 */
export function refuseUnnamedTarget({ http, grpc }: NamedTargets, trace: Trace): void {
  if (http === grpc) return;
  const { byProtocol, protocols = [] } = trace.hints;
  const other = http ? 'grpc' : 'http';
  const count = byProtocol?.[other];
  if (count === 0 || (count === undefined && !protocols.includes(other))) return;
  const [missing, flag, given] = http
    ? ['gRPC', '--grpc-endpoint HOST:PORT', 'http']
    : ['HTTP', '--endpoint URL', 'grpc'];
  const select = byProtocol === undefined ? '' : `, or select with engram-trace filter --protocol ${given}`;
  throw new EngramTraceError(
    'usage',
    `${count === undefined ? '' : `${count} `}operations of ${trace.name} are ${missing}, and no target for them was named`,
    { hint: `${flag}${select}` },
  );
}
