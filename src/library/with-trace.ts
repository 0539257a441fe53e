import { openTrace } from '../sources/open/open-trace.ts';
import type { Trace } from '../trace/trace.ts';

/** Runs `use` with a trace. One that is named by its file is opened, whatever its form, and closed; an open one stays open. */
export async function withTrace<T>(trace: string | Trace, use: (trace: Trace) => Promise<T>): Promise<T> {
  if (typeof trace !== 'string') return use(trace);
  const opened = await openTrace(trace);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}
