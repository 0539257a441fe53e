import type { Protocol, TraceRecord } from '../../trace/record/record.ts';

/** The sessions of the first records, by protocol. */
export type FirstSessions = Readonly<Record<Protocol, readonly string[]>>;

/** The sessions of the first records: their connections can be opened before anything is due. */
export function firstSessionsOf(records: readonly TraceRecord[]): FirstSessions {
  const of = (protocol: Protocol): string[] => [
    ...new Set(records.filter((record) => record.protocol === protocol).map(({ session }) => session)),
  ];
  return { http: of('http'), grpc: of('grpc') };
}
