import fc from 'fast-check';

const isFull = process.env['ENGRAM_TRACE_TEST_FULL'] !== undefined;

// The same cases in every run, so that a machine of CI finds what any other finds; or others each time, for who asks.
fc.configureGlobal(isFull ? {} : { seed: 1 });

/** How often a property that takes long is tried: a third of what `ENGRAM_TRACE_TEST_FULL=1` does. */
export function runs(full: number): number {
  return isFull ? full : Math.ceil(full / 3);
}

export default fc;
