import { EngramTraceError } from '../trace/error.ts';
import { openTrace } from '../trace/open-trace.ts';
import type { Trace } from '../trace/trace.ts';

/** Opens a trace by its name; `-` is stdin. Throws `usage` where that is a terminal. */
export async function openInput(name: string): Promise<Trace> {
  if (name !== '-') return openTrace(name);
  if (process.stdin.isTTY) {
    throw new EngramTraceError('usage', 'no trace is named, and stdin is a terminal', {
      hint: 'name a trace file, or pipe one in',
    });
  }
  return openTrace('-', { stdin: process.stdin });
}
