import { emptyLoss, type TraceHeader, type TraceRecord } from '../trace/record/record.ts';
import type { PlanHints } from '../trace/stats/plan-hints.ts';
import type { Trace } from '../trace/trace.ts';
import { recordsWithin } from '../workload/generate/records-within.ts';

/**
 * A load of a program's own: `records` brings its operations in batches, in the order of their starts, and the same ones
 * each time it is called. Whatever takes a trace takes it.
 */
export interface Workload {
  readonly header: TraceHeader;
  records(): AsyncIterable<TraceRecord[]>;
  /** What the results call it; `workload` where undefined. */
  readonly name?: string | undefined;
  /** What is known of all records before they are made, such as how many a second there are. */
  readonly hints?: PlanHints | undefined;
}

/** A workload as a trace, which is open. */
export function openOwnWorkload({ header, records, name = 'workload', hints = {} }: Workload): Trace {
  return {
    name,
    format: 'scenario',
    header,
    index: undefined,
    hints,
    seekable: true,
    warnings: [],
    loss: emptyLoss(),
    records: (read = {}) => recordsWithin(records(), read),
    close: () => Promise.resolve(),
  };
}
