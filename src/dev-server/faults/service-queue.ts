/** The one who serves: an operation at a time, the others wait in the order they came. */
export interface ServiceQueue {
  /** When an operation that has just come is served, in ns on the monotonic clock; undefined: too many wait already. */
  join(nowNs: number): number | undefined;
}

/** Serves so many operations a second, each in the same time, while at most `room` of them wait. */
export function createServiceQueue(ratePerSec = Infinity, room = Infinity): ServiceQueue {
  const serviceNs = 1e9 / ratePerSec;
  let freeNs = 0;
  return {
    join(nowNs) {
      if (serviceNs === 0) return nowNs;
      // What is being served waits no more.
      if ((freeNs - nowNs) / serviceNs - 1 >= room) return undefined;
      freeNs = Math.max(freeNs, nowNs) + serviceNs;
      return freeNs;
    },
  };
}
