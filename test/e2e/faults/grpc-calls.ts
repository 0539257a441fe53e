import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { MS, makeRecord } from '../../results/support.ts';

/** What a trace of calls is like. */
export interface Calls {
  count: number;
  gapMs: number;
  sessions: number;
  body?: Buffer;
  op?: (number: number) => string;
}

/** Records of unary calls to `/t.S/<op>`, the sessions by turns. */
export function grpcCalls({
  count,
  gapMs,
  sessions,
  body = Buffer.from('abc'),
  op = () => 'call',
}: Calls): TraceRecord[] {
  return Array.from({ length: count }, (_, number) =>
    makeRecord({
      ...{ startNs: number * gapMs * MS, durationNs: MS, session: `s${number % sessions}`, op: op(number) },
      ...{ protocol: 'grpc', method: 'POST', path: `/t.S/${op(number)}`, body },
    }),
  );
}
