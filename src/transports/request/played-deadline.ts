import type { TraceRecord } from '../../trace/record/record.ts';

/**
 * The deadline a call is sent with, in ns; undefined for none. A stream that is played slower needs its client's time
 * stretched, or the deadline would pass before the client has said all. It never shrinks: what remains of it is the
 * server's time, which replaying faster does not speed up. A call of one message is all the server's.
 */
export function playedDeadlineNs({ deadlineNs, stream }: TraceRecord, timeScale: number): number | undefined {
  if (deadlineNs === undefined || stream === undefined || timeScale >= 1) return deadlineNs;
  return Math.min(Math.round(deadlineNs / timeScale), Number.MAX_SAFE_INTEGER);
}
