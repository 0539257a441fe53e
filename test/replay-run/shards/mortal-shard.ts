import { parentPort, workerData } from 'node:worker_threads';

// A sender like any other that dies half a second into the replay, in the way a header of its settings says: a program of tests.

const WAYS: Record<string, () => void> = {
  throw: () => {
    throw new RangeError('scripted death');
  },
  reject: () => void Promise.reject(new Error('scripted rejection')),
  exit: () => process.exit(7),
  memory: () => {
    const hold: unknown[] = [];
    for (;;) hold.push(new Array(1e5).fill(Math.random()));
  },
  block: () => {
    for (;;);
  },
};

await import('../../../src/replay-run/shards/shard-worker.js');
const way = WAYS[workerData.transports.headers?.[1]];
parentPort?.on('message', ({ kind }) => {
  if (way !== undefined && kind === 'start') setTimeout(way, 500);
});
