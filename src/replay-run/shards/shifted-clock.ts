import type { Clock } from '../../replay/ports.ts';

/** A clock that shows `shiftNs` more. */
export function shiftedClock(clock: Clock, shiftNs: number): Clock {
  return {
    nowNs: () => clock.nowNs() + shiftNs,
    at: (atNs, wake, isCoarse, thenNs = Infinity) =>
      clock.at(atNs - shiftNs, wake, isCoarse, thenNs - shiftNs),
  };
}

const TRIES = 9;

/**
 * When `clock` showed 0, in ns of `process.hrtime`, which has one origin for all threads (that of performance.now is
 * each thread's own start). Of several tries the one that was interrupted least counts; off by less than 1 us.
 */
export function clockOriginNs(clock: Clock): number {
  let originNs = 0;
  let narrowestNs = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const before = process.hrtime.bigint();
    const nowNs = clock.nowNs();
    const widthNs = Number(process.hrtime.bigint() - before);
    if (widthNs >= narrowestNs) continue;
    narrowestNs = widthNs;
    originNs = Number(before) + Math.round(widthNs / 2) - nowNs;
  }
  return originNs;
}
