import { EngramTraceError } from '../error.ts';
import { openTrace } from '../sources/open/open-trace.ts';
import type { Trace } from '../trace/trace.ts';
import { openOwnWorkload, type Workload } from './workload.ts';

/** What the doors of the library take: the path of a file, an open trace, or a load of the caller's own. */
export type TraceInput = string | Trace | Workload;

/** Runs `use` with a trace. One that is named by its file is opened, whatever its form, and closed; an open one stays open. */
export async function withTrace<T>(trace: TraceInput, use: (trace: Trace) => Promise<T>): Promise<T> {
  if (typeof trace !== 'string') return use(checked(trace));
  const opened = await openTrace(trace);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** A program in JavaScript may give anything. */
function checked(trace: Trace | Workload): Trace {
  if (typeof trace?.records === 'function' && typeof trace.header === 'object')
    return 'close' in trace ? trace : openOwnWorkload(trace);
  throw new EngramTraceError('usage', 'the trace is neither the path of a file nor an open trace', {
    hint: 'give the path, what openTrace resolves with, or { header, records }',
  });
}
