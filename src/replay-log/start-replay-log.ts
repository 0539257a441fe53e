import { Worker } from 'node:worker_threads';
import { EngramTraceError, type ErrorCode } from '../error.ts';
import { BLOCK_ENTRIES, type LogBlockMessage } from './log-block.ts';
import type { FromLogWorker, LogFailure, LogWorkerStart, ToLogWorker } from './log-worker-messages.ts';
import type { LogEnd, LogHeader, LogSeal, ReplayLog, ReplayLogObserver } from './replay-log.ts';
import { createReplayLogRecorder } from './replay-log-recorder.ts';

export interface ReplayLogOptions {
  path: string;
  /** Replace a file that exists. */
  force?: boolean | undefined;
  header: LogHeader;
  /** Blocks (about 0.5 MB each) that may wait for the disk; past it entries are lost and counted. */
  maxWaitingBlocks?: number | undefined;
}

const MAX_WAITING_BLOCKS = 128;
const MAX_FREE_BLOCKS = 8;

/** Opens a replay log in a thread of its own; rejects where the file can't be made (`usage`, `io`). */
export async function startReplayLog(options: ReplayLogOptions): Promise<ReplayLog> {
  const log = new ThreadedLog(options);
  const failure = await log.ready;
  if (failure === undefined) return log;
  await log.abort();
  throw errorOf(failure);
}

interface Ended {
  seal: LogSeal | undefined;
  failure: LogFailure | undefined;
}

class ThreadedLog implements ReplayLog {
  readonly ready: Promise<LogFailure | undefined>;
  readonly #worker: Worker;
  readonly #ended: Promise<Ended>;
  readonly #maxWaiting: number;
  readonly #free: ArrayBuffer[] = [];
  readonly #recorders: ReplayLogObserver[] = [];
  /** Who gets the memory of each block that is not written yet, in their order. */
  readonly #waiting: ((memory: ArrayBuffer) => void)[] = [];
  #entriesLost = 0;
  #isEnding = false;

  constructor({ path, force = false, header, maxWaitingBlocks = MAX_WAITING_BLOCKS }: ReplayLogOptions) {
    this.#maxWaiting = maxWaitingBlocks;
    const start: LogWorkerStart = { path, force, header };
    this.#worker = new Worker(new URL('./log-worker.js', import.meta.url), {
      workerData: start,
      name: 'replay log',
    });
    let cause = 'the writing thread ended';
    this.#worker.on('error', (error) => {
      cause = error.message;
    });
    const died = (): LogFailure => ({ code: 'io', message: cause, where: path, hint: undefined });
    this.ready = new Promise((resolve) => {
      this.#worker.on('message', (message: FromLogWorker) => {
        if (message.kind === 'ready') resolve(message.failure);
      });
      this.#worker.on('exit', () => resolve(died()));
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on('message', (message: FromLogWorker) => {
        if (message.kind === 'ended') resolve(message);
      });
      this.#worker.on('exit', () => resolve({ seal: undefined, failure: died() }));
    });
    this.#worker.on('message', (message: FromLogWorker) => {
      if (message.kind === 'written') this.#written(message.memory, message.entriesLost);
    });
  }

  recorder(shard = 0): ReplayLogObserver {
    const recorder = createReplayLogRecorder({
      shard,
      take: (block) => this.append(block),
      recycled: () => this.#free.pop(),
    });
    this.#recorders.push(recorder);
    return recorder;
  }

  append(block: LogBlockMessage, written = this.#recycle): void {
    if (block.count === 0 || block.count > BLOCK_ENTRIES || this.#isEnding) return;
    if (this.#waiting.length >= this.#maxWaiting) {
      this.#entriesLost += block.count;
      written(block.memory);
      return;
    }
    this.#waiting.push(written);
    this.#post({ kind: 'block', block }, [block.memory]);
  }

  async finish(end: Omit<LogEnd, 'entriesLost'>): Promise<LogSeal> {
    const { seal, failure } = await this.#end(() => {
      // What the thread could not write is known to it, and is a failure.
      this.#post({ kind: 'finish', end: { ...end, entriesLost: this.#entriesLost } });
    });
    if (seal === undefined) throw errorOf(failure);
    return seal;
  }

  async close(): Promise<void> {
    await this.#end(() => this.#post({ kind: 'close' }));
  }

  async abort(): Promise<void> {
    await this.#end(() => this.#post({ kind: 'abort' }));
  }

  async #end(tell: () => void): Promise<Ended> {
    if (!this.#isEnding) {
      for (const recorder of this.#recorders) recorder.flush();
      this.#isEnding = true;
      tell();
    }
    return this.#ended;
  }

  #written(memory: ArrayBuffer, entriesLost: number): void {
    this.#entriesLost += entriesLost;
    this.#waiting.shift()?.(memory);
  }

  readonly #recycle = (memory: ArrayBuffer): void => {
    if (this.#free.length < MAX_FREE_BLOCKS) this.#free.push(memory);
  };

  #post(message: ToLogWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

function errorOf(failure: LogFailure | undefined): EngramTraceError {
  const { code, message, where, hint, kept } = failure ?? {
    code: 'io',
    message: 'the replay log ended early',
  };
  const said = kept === undefined ? message : `${message}; its beginning is in ${kept}`;
  return new EngramTraceError(code as ErrorCode, said, { where, hint });
}
