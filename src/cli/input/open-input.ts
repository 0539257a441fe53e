import type { Readable } from 'node:stream';
import { EngramTraceError } from '../../error.ts';
import type { OpenOptions } from '../../sources/open/open-options.ts';
import { openPipe } from '../../sources/open/open-pipe.ts';
import { openTrace } from '../../sources/open/open-trace.ts';
import type { Trace } from '../../trace/trace.ts';

export interface InputOptions extends Pick<OpenOptions, 'totalsOnly'> {
  /** The stream of that name, where it was opened already. */
  stream?: Readable | undefined;
}

/**
 * Runs `use` with the trace of that name and closes it; `-` is stdin. Throws `usage` where that is a terminal. Whatever
 * happens, a pipe that goes on does not keep the process alive.
 */
export async function withInput<T>(
  name: string,
  use: (trace: Trace) => Promise<T>,
  options: InputOptions = {},
): Promise<T> {
  try {
    const trace = await openInput(name, options);
    try {
      return await use(trace);
    } finally {
      await trace.close();
    }
  } finally {
    if (name === '-') process.stdin.destroy();
  }
}

/** Opens a trace of any form; `-` is stdin. The caller closes it. */
export async function openInput(name: string, { stream, ...options }: InputOptions = {}): Promise<Trace> {
  if (stream !== undefined) return openPipe(stream, name);
  if (name !== '-') return openTrace(name, options);
  if (process.stdin.isTTY) {
    throw new EngramTraceError('usage', 'no trace is named, and stdin is a terminal', {
      hint: 'name a trace file, or pipe one in',
    });
  }
  return openTrace('-', { stdin: process.stdin });
}
