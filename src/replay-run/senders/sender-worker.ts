import { parentPort, workerData } from 'node:worker_threads';
import { createRealClock } from '../../replay/real-clock.ts';
import { startHealthProbe } from '../../results/generator-health.ts';
import { createTransports, type TransportSettings } from '../create-transports.ts';
import type { FromSender, SenderOptions, ToSender } from './messages.ts';
import { startSender } from './sender.ts';
import { clockOriginNs, shiftedClock } from './shifted-clock.ts';

/** What a sending thread starts with. */
export interface SenderWorkerData {
  readonly options: SenderOptions;
  readonly transports: TransportSettings;
  /** Where, in ns of `process.hrtime`, the clock of the thread that reads the plan shows 0. */
  readonly clockOriginNs: number;
}

// Entry point of a thread that sends.

const port = parentPort;
if (port === null) throw new Error('sender-worker runs in a worker thread');
const data = workerData as SenderWorkerData;
const own = createRealClock({ precision: data.options.precision });
const clock = shiftedClock(own, clockOriginNs(own) - data.clockOriginNs);

port.on(
  'message',
  startSender({
    options: data.options,
    clock,
    transports: createTransports(data.transports, clock),
    startHealth: () => startHealthProbe({}),
    tell: (message) => port.postMessage(message, handedOver(message)),
    leave: () => port.close(),
  }) as (message: ToSender) => void,
);

function handedOver(message: FromSender): ArrayBuffer[] {
  return message.kind === 'events' ? [message.chunk.columns.buffer] : [];
}
