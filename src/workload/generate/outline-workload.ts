import type { Protocol } from '../../trace/record/record.ts';
import type { TakesOutlined, TraceOutline } from '../../trace/trace.ts';
import { createKinds, sessionOfOperation } from '../requests/record-maker.ts';
import { type OpenRecording, type SeededScenario, startsOf } from './record-batches.ts';

/** Sessions by name: there may be as many as operations. */
const SESSIONS_COUNTED = 10_000;

/** Counts the operations of a workload by their times and kinds alone: none of them is made. */
export async function outlineWorkload(
  { scenario, seed }: SeededScenario,
  takes: TakesOutlined,
  openRecording?: OpenRecording,
): Promise<TraceOutline> {
  const { opAt, isGrpc } = createKinds(scenario, seed);
  const perOp = new Map<string, number>();
  const perProtocol = new Map<Protocol, number>();
  const perSession = new Map<string, number>();
  const most = Math.min(SESSIONS_COUNTED, scenario.sessions ?? SESSIONS_COUNTED);
  let [number, taken, firstNs, lastNs, inOtherSessions] = [0, 0, 0, 0, 0];
  for await (const starts of startsOf({ scenario, seed }, openRecording)) {
    for (const startNs of starts) {
      const at = number++;
      const op = opAt(at, startNs);
      const protocol = isGrpc(op, at) ? 'grpc' : 'http';
      const session = (): string => sessionOfOperation(scenario, at);
      if (!takes(protocol, session)) continue;
      if (taken === 0) firstNs = startNs;
      lastNs = startNs;
      taken += 1;
      countIn(perOp, op);
      countIn(perProtocol, protocol);
      // Names cost more than all else, and past the first no session of one operation comes again.
      if (scenario.sessions === undefined && perSession.size >= most) inOtherSessions += 1;
      else if (perSession.size < most || perSession.has(session())) countIn(perSession, session());
      else inOtherSessions += 1;
    }
  }
  return {
    ...{ taken, left: number - taken, firstNs, lastNs },
    ...{ perOp, perProtocol, perSession, inOtherSessions },
  };
}

function countIn<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
