import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { NullSink } from './null-sink.ts';

/** A null sink in a thread of its own, so that nothing of it runs in the code that sends. */
export async function startNullSinkThread(): Promise<NullSink> {
  const worker = new Worker(new URL('./null-sink-thread.js', import.meta.url), { name: 'null sink' });
  const [ports] = (await once(worker, 'message')) as [Omit<NullSink, 'close'>];
  worker.unref();
  // Whoever sends to it sees that it is gone.
  worker.on('error', () => {});
  return { ...ports, close: async () => void (await worker.terminate()) };
}
