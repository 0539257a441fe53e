import { Worker } from 'node:worker_threads';
import { createRealClock } from '../src/replay/clock/real-clock.ts';
import { replay } from '../src/replay/engine/engine.ts';
import type { SendOutcome, Transport } from '../src/replay/ports.ts';
import { type Precision, replayOptions } from '../src/replay/replay-options.ts';
import type { TraceRecord } from '../src/trace/record/record.ts';
import { createUndiciTransport } from '../src/transports/undici/undici-transport.ts';
import { createRandom, median, smallRecords } from './support.ts';

const RATE = 1000;
const SECONDS = 4;
const ROUNDS = 3;
const PRECISIONS: readonly Precision[] = ['eco', 'normal', 'spin'];

type Shape = 'constant' | 'bursty' | 'sparse';

interface Sample {
  p50Us: number;
  p99Us: number;
  maxUs: number;
  /** Of all threads of this process (the HTTP server included, where it runs in a thread). */
  cpuPercent: number;
}

/**
 * Send error (released - due) and CPU of the three precisions: evenly at 1000/s, the same in bursts, and 20/s (a replay that
 * mostly waits), against a transport that does nothing and over HTTP to a server in another thread. In turns,
 * median of rounds.
 */
export async function run(): Promise<void> {
  const server = await startServer();
  console.log('transport  arrivals   precision   send error us: p50     p99      max    CPU %');
  try {
    for (const kind of ['null', 'http'] as const) {
      for (const shape of ['constant', 'bursty', 'sparse'] as const) {
        const samples = new Map<Precision, Sample[]>(PRECISIONS.map((each) => [each, []]));
        for (let round = 0; round < ROUNDS; round += 1) {
          for (const precision of PRECISIONS) {
            samples
              .get(precision)
              ?.push(await measure(precision, shape, kind === 'http' ? server.url : undefined));
          }
        }
        for (const precision of PRECISIONS) print(kind, shape, precision, samples.get(precision) ?? []);
      }
    }
  } finally {
    await server.stop();
  }
}

function print(kind: string, shape: Shape, precision: Precision, samples: readonly Sample[]): void {
  const of = (pick: (sample: Sample) => number): string => median(samples.map(pick)).toFixed(0);
  const numbers = [of((s) => s.p50Us), of((s) => s.p99Us), of((s) => s.maxUs), of((s) => s.cpuPercent)];
  const names = `${kind.padEnd(10)} ${shape.padEnd(10)} ${precision.padEnd(10)}`;
  console.log(`${names} ${numbers.map((number) => number.padStart(9)).join('')}`);
}

async function measure(precision: Precision, shape: Shape, url: string | undefined): Promise<Sample> {
  const records = plan(shape);
  const clock = createRealClock({ precision });
  const transport =
    url === undefined ? nullTransport() : createUndiciTransport({ origin: new URL(url), headers: [] });
  await transport.warmUp();
  const errorsNs: number[] = [];
  const cpu = process.cpuUsage();
  const startNs = clock.nowNs();
  await replay(batches(records), replayOptions({ order: 'open' }), {
    clock,
    transportFor: () => transport,
    observer: {
      onSent: ({ sentNs, dueNs }) => errorsNs.push((sentNs ?? Number.NaN) - dueNs),
      onSettled: () => {},
    },
  });
  const { user, system } = process.cpuUsage(cpu);
  const spanUs = (clock.nowNs() - startNs) / 1e3;
  await transport.close();
  errorsNs.sort((a, b) => a - b);
  const at = (share: number): number =>
    (errorsNs[Math.floor(share * (errorsNs.length - 1))] ?? Number.NaN) / 1e3;
  return { p50Us: at(0.5), p99Us: at(0.99), maxUs: at(1), cpuPercent: (100 * (user + system)) / spanUs };
}

/** `bursty`: 20 operations 20 us apart, then a pause of 20 ms on average. */
function plan(shape: Shape): TraceRecord[] {
  const rate = shape === 'sparse' ? 20 : RATE;
  const random = createRandom(7);
  const records = [...smallRecords(rate * SECONDS)].flat();
  let startNs = 0;
  for (const [at, record] of records.entries()) {
    record.startNs = startNs;
    record.method = 'GET';
    if (shape !== 'bursty') startNs += 1e9 / rate;
    else startNs += at % 20 < 19 ? 20_000 : Math.floor(random() * 40e6);
  }
  return records;
}

function batches(records: readonly TraceRecord[]): () => AsyncGenerator<TraceRecord[]> {
  return async function* () {
    for (let at = 0; at < records.length; at += 256) yield records.slice(at, at + 256);
  };
}

const FINE: SendOutcome = { status: 200, ok: true, failure: undefined, detail: '', responseBytes: 0 };

function nullTransport(): Transport {
  return {
    warmUp: async () => {},
    close: async () => {},
    send(_record, _timeScale, listener) {
      listener.onSent();
      listener.onDone(FINE);
      return () => {};
    },
  };
}

/** A minimal HTTP server in a thread of its own, so that it does not share the event loop that is measured. */
async function startServer(): Promise<{ url: string; stop(): Promise<unknown> }> {
  const program = `
    const { createServer } = require('node:http');
    const { parentPort } = require('node:worker_threads');
    const server = createServer((request, response) => { request.resume(); response.end('ok'); });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  `;
  const worker = new Worker(program, { eval: true });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  return { url: `http://127.0.0.1:${port}`, stop: () => worker.terminate() };
}
