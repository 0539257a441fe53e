import { Worker } from 'node:worker_threads';
import type { Clock } from '../../replay/ports.ts';
import type { TransportSettings } from '../create-transports.ts';
import type { FromSender, OpenSender, ToSender } from './messages.ts';
import type { SenderWorkerData } from './sender-worker.ts';
import { clockOriginNs } from './shifted-clock.ts';

/** What tests change. */
export interface WorkerTuning {
  program: URL;
  /** Heap of each thread; Node's own limit where undefined. */
  heapMb: number | undefined;
}

const TUNING: WorkerTuning = {
  program: new URL('./sender-worker.js', import.meta.url),
  heapMb: undefined,
};

/** Starts senders in threads of their own. `clock` is the one their times are on. */
export function createWorkerSenders(
  transportsOf: (number: number) => TransportSettings,
  clock: Clock,
  tuning: Partial<WorkerTuning> = {},
): OpenSender {
  const originNs = clockOriginNs(clock);
  const { program, heapMb } = { ...TUNING, ...tuning };
  return (number, options, listener) => {
    const data: SenderWorkerData = { options, transports: transportsOf(number), clockOriginNs: originNs };
    const worker = new Worker(program, {
      workerData: data,
      ...(heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
      name: `sender ${number + 1}`,
    });
    let why = '';
    worker.on('message', (message: FromSender) => listener.message(message));
    worker.on('error', (error: unknown) => {
      why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    });
    worker.on('exit', (code) => listener.gone(why === '' ? `it ended with code ${code}` : why));
    return {
      post: (message) => worker.postMessage(message, handedOver(message)),
      terminate: async () => void (await worker.terminate()),
    };
  };
}

function handedOver(message: ToSender): ArrayBuffer[] {
  if (message.kind !== 'batch') return [];
  return [message.batch.bytes.buffer, message.batch.columns.buffer];
}
