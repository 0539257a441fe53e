import { parentPort, workerData } from 'node:worker_threads';
import { createRealClock } from '../../replay/clock/real-clock.ts';
import { startHealthProbe } from '../../results/generator-health.ts';
import { createTransports, type TransportSettings } from '../connect/create-transports.ts';
import { collectGarbage } from '../warm-up/collect-garbage.ts';
import type { FromSender, SenderOptions, ToSender } from './messages.ts';
import { startSender } from './sender.ts';
import { clockOriginNs, shiftedClock } from './shifted-clock.ts';

/** What a sender in a thread starts with. */
export interface SenderWork {
  readonly options: SenderOptions;
  readonly transports: TransportSettings;
  /** Where, in ns of `process.hrtime`, the clock of the thread that reads the plan shows 0. */
  readonly clockOriginNs: number;
}

/** What the thread is told: what its sender is told, or to be another sender after that has left. */
export type ToThread = ToSender | { readonly kind: 'again'; readonly work: SenderWork };

/** What it tells; `left` is the last thing of each sender. */
export type FromThread = FromSender | { readonly kind: 'left' };

// Entry point of a thread that sends.

const port = parentPort;
if (port === null) throw new Error('sender-worker runs in a worker thread');
const first = workerData as SenderWork;
const own = createRealClock({ precision: first.options.precision });
const clock = shiftedClock(own, clockOriginNs(own) - first.clockOriginNs);

let hear = start(first);

port.on('message', (message: ToThread) => {
  if (message.kind === 'again') hear = start(message.work);
  else hear(message);
});

function start({ options, transports }: SenderWork): (message: ToSender) => void {
  return startSender({
    options,
    clock,
    transports: createTransports(transports, clock),
    tidyUp: collectGarbage,
    startHealth: () => startHealthProbe({}),
    tell,
    leave: () => tell({ kind: 'left' }),
  });
}

function tell(message: FromThread): void {
  port?.postMessage(message, message.kind === 'events' ? [message.chunk.columns.buffer] : []);
}
