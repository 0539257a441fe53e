import { EngramTraceError } from '../error.ts';
import { openTrace } from '../sources/open/open-trace.ts';
import type { Trace } from '../trace/trace.ts';

/** Runs `use` with a trace. One that is named by its file is opened, whatever its form, and closed; an open one stays open. */
export async function withTrace<T>(trace: string | Trace, use: (trace: Trace) => Promise<T>): Promise<T> {
  if (typeof trace !== 'string') return use(checked(trace));
  const opened = await openTrace(trace);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** A program in JavaScript may give anything. */
function checked(trace: Trace): Trace {
  if (typeof trace?.records === 'function' && typeof trace.header === 'object') return trace;
  throw new EngramTraceError('usage', 'the trace is neither the path of a file nor an open trace', {
    hint: 'give the path, or what openTrace resolves with',
  });
}
