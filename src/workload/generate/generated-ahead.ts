import { Worker } from 'node:worker_threads';
import { EngramTraceError } from '../../error.ts';
import { type BlockCursor, openBlock } from '../../trace/block/block-cursor.ts';
import { BATCH_RECORDS } from '../../trace/block/merge-blocks.ts';
import { spansFor } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { FromGenerator, GeneratorError, GeneratorWork } from './generated-block.ts';
import type { SeededScenario } from './record-batches.ts';
import { workloadHeader } from './workload-header.ts';

/** Records are short-lived: more room for young ones would only be more memory. */
const YOUNG_MB = 8;

/** So many blocks are made before they are wanted. */
const BLOCKS_AHEAD = 3;

/**
 * The records of a scenario, made by a thread of its own: they come as blocks, and here they are only decoded. The thread
 * ends with the last of them, or when nobody reads on. `placed`: see `ReadOptions`.
 */
export async function* generatedAhead(seeded: SeededScenario, placed = false): AsyncGenerator<TraceRecord[]> {
  const { epochUnixNs } = workloadHeader(seeded);
  const work: GeneratorWork = { ...seeded, epochUnixNs };
  const worker = new Worker(new URL('./generator-worker.js', import.meta.url), {
    name: 'generator',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    workerData: work,
  });
  const inbox = new Inbox(worker);
  try {
    for (let i = 0; i < BLOCKS_AHEAD; i++) worker.postMessage('next');
    for (;;) {
      const message = await inbox.next();
      if (message.kind === 'end') return;
      if (message.kind === 'failed') throw errorOf(message.error);
      worker.postMessage('next');
      yield* decoded(openBlock(message.raw, epochUnixNs), placed);
    }
  } finally {
    await worker.terminate();
  }
}

function errorOf({ code, message, where, hint }: GeneratorError): EngramTraceError {
  return new EngramTraceError(code, message, { where, hint });
}

function* decoded(cursor: BlockCursor, placed: boolean): Generator<TraceRecord[]> {
  while (cursor.current !== undefined) {
    const batch: TraceRecord[] = [];
    const spans = placed ? spansFor(batch) : undefined;
    for (let record = cursor.current; record !== undefined; record = cursor.current) {
      if (batch.length >= BATCH_RECORDS) break;
      batch.push(record);
      spans?.add(record, cursor, cursor.at, cursor.end);
      cursor.advance();
    }
    yield batch;
  }
}

/** The messages of a thread, one after the other; one that dies says so. */
class Inbox {
  readonly #messages: FromGenerator[] = [];
  #wake: () => void = () => {};

  constructor(worker: Worker) {
    worker
      .on('message', (message: FromGenerator) => this.#add(message))
      .on('error', ({ message }) => this.#died(`the thread that makes records died: ${message}`))
      .on('exit', () => this.#died('the thread that makes records ended early'));
  }

  async next(): Promise<FromGenerator> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #died(message: string): void {
    this.#add({ kind: 'failed', error: { code: 'internal', message } });
  }

  #add(message: FromGenerator): void {
    this.#messages.push(message);
    this.#wake();
  }
}
