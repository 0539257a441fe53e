import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EngramTraceError } from '../error.ts';
import type { NullSink } from './null-sink.ts';

/** Starts a null sink in a process of its own, so that its CPU time is not the generator's. It ends with this process. */
export async function startNullSinkProcess(): Promise<NullSink> {
  const entry = fileURLToPath(new URL('./null-sink-process.js', import.meta.url));
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const gone = once(child, 'exit').then(([code]) => {
    throw new EngramTraceError('internal', `the null sink ended with exit code ${code}`);
  });
  const [ports] = (await Promise.race([once(child, 'message'), gone])) as [Omit<NullSink, 'close'>];
  gone.catch(() => {}); // That it ends later is seen by the operations.
  child.unref();
  child.channel?.unref();
  return { ...ports, close: async () => void child.kill() };
}
