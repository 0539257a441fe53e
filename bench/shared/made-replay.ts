import { fileURLToPath } from 'node:url';
import { MinHeap } from '../../src/min-heap.ts';
import { replay } from '../../src/replay/engine/engine.ts';
import type { Clock, SendOutcome, Transport } from '../../src/replay/ports.ts';
import { replayOptions } from '../../src/replay/replay-options.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { openWorkload } from '../../src/workload/generate/open-workload.ts';
import { readScenario } from '../../src/workload/scenario/read-scenario.ts';

/** This file as a program: plays a scenario of 8 h with so many operations to nobody, on a virtual clock. */
export function madeReplayCommand(operations: number, dimension: number): string[] {
  return [
    process.execPath,
    fileURLToPath(import.meta.url),
    '--client',
    String(operations),
    String(dimension),
  ];
}

const SECONDS = 8 * 3600;
const FINE: SendOutcome = { status: 200, ok: true, failure: undefined, detail: '', responseBytes: 0 };
const ANSWERED_AFTER_NS = 2_000_000;
/** Operations between two messages to who started this. */
const TELL_EVERY = 10_000;
const LINGER_MS = 1000;

async function client(operations: number, dimension: number): Promise<void> {
  const scenario = readScenario(scenarioText(operations, dimension), 'eight-hours.toml');
  const trace = openWorkload({ scenario, seed: 1 }, { inThread: true });
  const clock = createJumpingClock();
  const recorder = new ResultsRecorder({ timeScale: 1 });
  const transport = createCountingTransport(clock, (done) => process.send?.({ done }));
  const playing = replay(() => clock.holding(trace.records({ ahead: true })), replayOptions({}), {
    clock,
    observer: recorder,
    transportFor: () => transport,
  });
  const end = await clock.runUntil(playing);
  // Only now: the schema that the document is checked by takes memory of its own.
  const { createResultsDocument } = await import('../../src/results/create-results-document.ts');
  const { documentInput } = await import('../../test/results/support.ts');
  const document = createResultsDocument({ ...documentInput(), recorder, end });
  const documentBytes = Buffer.byteLength(JSON.stringify(document, undefined, 2));
  if (document.fidelity.accounting.ok !== end.accounting.planned) throw new Error('not all were answered');
  process.send?.({ done: end.accounting.ok, documentBytes });
  await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
  process.disconnect();
}

function scenarioText(operations: number, dimension: number): string {
  return `name = "eight hours"
protocol = "mixed"
[duration]
total_seconds = ${SECONDS}
[arrival]
pattern = "poisson"
lambda = ${operations / SECONDS}
[operations]
store_weight = 40
recall_weight = 40
embedding_search_weight = 15
pattern_completion_weight = 5
[data]
num_nodes = 100000
embedding_dim = ${dimension}
memory_spaces = 4
`;
}

/** Answers everything in time. */
function createCountingTransport(clock: Clock, tell: (done: number) => void): Transport {
  let done = 0;
  return {
    warmUp: async () => {},
    close: async () => {},
    send(_record, _timeScale, listener) {
      listener.onSent();
      return clock.at(clock.nowNs() + ANSWERED_AFTER_NS, () => {
        done += 1;
        if (done % TELL_EVERY === 0) tell(done);
        listener.onDone(FINE);
      });
    },
  };
}

interface Wake {
  readonly atNs: number;
  wake: (() => void) | undefined;
}

/** A clock that jumps to the next wake when nothing is left to do; it stands while the next records are being made. */
interface JumpingClock extends Clock {
  holding(batches: AsyncIterable<TraceRecord[]>): AsyncIterable<TraceRecord[]>;
  runUntil<T>(promise: Promise<T>): Promise<T>;
}

function createJumpingClock(): JumpingClock {
  const wakes = new MinHeap<Wake>((a, b) => a.atNs < b.atNs);
  let timeNs = 1e12;
  let isHeld = false;
  return {
    nowNs: () => timeNs,
    at(atNs, wake) {
      const entry: Wake = { atNs: Math.max(Math.ceil(atNs), timeNs), wake };
      wakes.push(entry);
      return () => {
        entry.wake = undefined;
      };
    },
    async *holding(batches) {
      isHeld = true;
      for await (const batch of batches) {
        isHeld = false;
        yield batch;
        isHeld = true;
      }
      isHeld = false;
    },
    async runUntil(promise) {
      let isOver = false;
      promise.finally(() => {
        isOver = true;
      });
      while (!isOver) {
        await new Promise((resolve) => (isHeld ? setTimeout(resolve, 1) : setImmediate(resolve)));
        const next = isHeld ? undefined : wakes.pop();
        if (next?.wake === undefined) continue;
        timeNs = Math.max(timeNs, next.atNs);
        next.wake();
      }
      return promise;
    },
  };
}

if (process.argv[2] === '--client') await client(Number(process.argv[3]), Number(process.argv[4]));
