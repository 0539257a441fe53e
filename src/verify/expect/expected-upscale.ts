import type { TraceRecord } from '../../trace/record/record.ts';

/** Says when an operation of the plan starts once arrivals are so many times as dense; asked of each in its order. */
export type UpscaledStart = (record: Pick<TraceRecord, 'session' | 'startNs'>) => number;

/**
 * Works `--upscale` out anew, from the definition in docs/replay.md: the n-th arrival (an operation, or the first one of a
 * session, that takes all others along) goes to where recorded arrival n / factor lies.
 */
export function upscaledStarts(factor: number, movesSessions: boolean): UpscaledStart {
  const arrivals: number[] = [];
  const movedBy = new Map<string, number>();
  const arrive = (ns: number): number => {
    const place = arrivals.length / factor;
    arrivals.push(ns);
    const fromNs = arrivals[Math.trunc(place)] as number;
    const gapNs = Math.max(0, (arrivals[Math.trunc(place) + 1] ?? fromNs) - fromNs);
    return fromNs + Math.round((place % 1) * gapNs);
  };
  if (!movesSessions) return ({ startNs }) => arrive(startNs);
  return ({ session, startNs }) => {
    const known = movedBy.get(session);
    if (known !== undefined) return startNs + known;
    const upscaledNs = arrive(startNs);
    movedBy.set(session, upscaledNs - startNs);
    return upscaledNs;
  };
}
