import { parentPort, workerData } from 'node:worker_threads';
import { openSegmentFs } from './segment-fs.ts';
import type { FromWorker, ToWorker, WorkerStart } from './segment-messages.ts';
import { createSegmentWriter, type SegmentWriter } from './segment-writer.ts';

// Entry point of the thread that compresses and writes, so that neither can hold up the traffic.

const port = parentPort;
if (port === null) throw new Error('segment-worker runs in a worker thread');
const reply = (message: FromWorker): void => port.postMessage(message);

const { directory, options, nowNs } = workerData as WorkerStart;
const opened = open();
let last: Promise<unknown> = opened;
port.on('message', (message: ToWorker) => {
  last = last.then(() => handle(message));
});

async function open(): Promise<SegmentWriter> {
  const writer = createSegmentWriter(lazily(directory), options);
  try {
    await writer.open(nowNs);
    reply({ kind: 'ready', error: undefined });
  } catch (thrown) {
    const { code = '', message } = thrown as NodeJS.ErrnoException;
    reply({ kind: 'ready', error: { code, message } });
  }
  return writer;
}

/** The folder is looked for at each use until it is there: it may be missing for the moment. */
function lazily(path: string): Parameters<typeof createSegmentWriter>[0] {
  const folder = () => openSegmentFs(path);
  return {
    create: async (name) => (await folder()).create(name),
    list: async () => (await folder()).list(),
    remove: async (name) => (await folder()).remove(name),
  };
}

async function handle(message: ToWorker): Promise<void> {
  const writer = await opened;
  if (message.kind === 'block') {
    const written = await writer.write(message.block, message.nowNs);
    reply({ kind: 'block', written, stats: { ...writer.stats } });
  } else if (message.kind === 'tick') {
    await writer.tick(message.nowNs);
    reply({ kind: 'stats', stats: { ...writer.stats } });
  } else {
    await writer.finish(message.nowNs);
    reply({ kind: 'finished', stats: { ...writer.stats } });
    port?.close();
  }
}
