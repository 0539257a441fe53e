import { parentPort, workerData } from 'node:worker_threads';
import { requireZstd } from '../../trace/frames/zstd.ts';
import { createDiskClient } from '../disk/disk-client.ts';
import type { FromWorker, ToWorker, WorkerStart } from './segment-messages.ts';
import { createSegmentWriter, type SegmentWriter } from './segment-writer.ts';

// Entry point of the thread that compresses, and has another process write: neither can hold up the traffic.

const port = parentPort;
if (port === null) throw new Error('segment-worker runs in a worker thread');
const reply = (message: FromWorker): void => port.postMessage(message);

const { directory, options, nowNs, diskEntry } = workerData as WorkerStart;
const disk = createDiskClient({
  directory,
  entry: diskEntry === undefined ? undefined : new URL(diskEntry),
  onProcess: (pid) => reply({ kind: 'disk', pid }),
});
const opened = open();
let last: Promise<unknown> = opened;
port.on('message', (message: ToWorker) => {
  last = last.then(() => handle(message));
});

async function open(): Promise<SegmentWriter> {
  const writer = createSegmentWriter(disk, options);
  try {
    requireZstd();
    await writer.open(nowNs);
    reply({ kind: 'ready', error: undefined });
  } catch (thrown) {
    const { code = '', message, hint } = thrown as NodeJS.ErrnoException & { hint?: string };
    reply({ kind: 'ready', error: { code, message, hint } });
  }
  return writer;
}

async function handle(message: ToWorker): Promise<void> {
  const writer = await opened;
  if (message.kind === 'block') {
    const written = await writer.write(message.block, message.nowNs);
    reply({ kind: 'block', written, stats: writer.stats });
  } else if (message.kind === 'tick') {
    await writer.tick(message.nowNs, message.untold);
    reply({ kind: 'ticked', stats: writer.stats });
  } else {
    await writer.finish(message.nowNs, message.untold);
    disk.end();
    reply({ kind: 'finished', stats: writer.stats });
    port?.close();
  }
}
