import { Worker } from 'node:worker_threads';
import { EngramTraceError } from '../trace/error.ts';
import type { BlockStore } from './block-store.ts';
import type { FromWorker, ToWorker, WorkerStart } from './segment-messages.ts';
import type { SegmentOptions, SegmentStats } from './segment-writer.ts';

export interface WorkerStoreOptions {
  readonly directory: string;
  readonly segments: SegmentOptions;
  readonly nowNs: () => number;
  /** Program of the thread; for tests. */
  readonly entry?: URL | undefined;
}

/** At the start these mean "full for the moment"; everything else is a mistake in the set-up. */
const PASSING_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE']);
const RESTART_MS = 1_000;
/** Numbers of one worker's segments start here times its own number, so that no name comes twice. */
const NUMBERS_PER_WORKER = 100_000;

/** Starts the thread that compresses and writes; rejects with `io` when the folder can't be used at all. */
export async function startWorkerStore(options: WorkerStoreOptions): Promise<BlockStore> {
  const store = new WorkerStore(options);
  const error = await store.ready;
  if (error !== undefined && !PASSING_ERRORS.has(error.code)) {
    await store.close(options.nowNs());
    throw new EngramTraceError('io', `the op log can't be written: ${error.message}`, {
      where: options.directory,
    });
  }
  return store;
}

type StartError = { readonly code: string; readonly message: string } | undefined;

class WorkerStore implements BlockStore {
  readonly #options: WorkerStoreOptions;
  #worker: Worker | undefined;
  #workers = 0;
  #waiting: ((written: boolean) => void)[] = [];
  #isClosing = false;
  #onFinished: (() => void) | undefined;
  #restart: NodeJS.Timeout | undefined;
  #current: SegmentStats = noStats();
  /** Of the workers before this one. */
  #past: SegmentStats = noStats();
  readonly ready: Promise<StartError>;

  constructor(options: WorkerStoreOptions) {
    this.#options = options;
    this.ready = new Promise((resolve) => this.#start(resolve));
  }

  get stats(): SegmentStats {
    return addStats(this.#past, this.#current);
  }

  put(block: Parameters<BlockStore['put']>[0], nowNs: number): Promise<boolean> {
    if (this.#worker === undefined) {
      this.#past.blocksLost++;
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      this.#post({ kind: 'block', block, nowNs }, [block.raw.buffer]);
      this.#waiting.push(resolve);
    });
  }

  tick(nowNs: number): void {
    if (this.#worker !== undefined) this.#post({ kind: 'tick', nowNs });
  }

  close(nowNs: number): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#restart);
    if (this.#worker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onFinished = resolve;
      this.#post({ kind: 'finish', nowNs });
    });
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #start(onReady: (error: StartError) => void): void {
    const { directory, segments, nowNs } = this.#options;
    const firstNumber = segments.firstNumber + this.#workers++ * NUMBERS_PER_WORKER;
    const start: WorkerStart = { directory, options: { ...segments, firstNumber }, nowNs: nowNs() };
    const entry = this.#options.entry ?? new URL('./segment-worker.js', import.meta.url);
    const worker = new Worker(entry, {
      workerData: start,
      name: 'op log',
    });
    this.#worker = worker;
    let failure = 'the writing thread ended';
    worker.on('message', (message: FromWorker) => this.#onMessage(message, onReady));
    worker.on('error', (error) => {
      failure = error.message;
    });
    worker.on('exit', () => {
      onReady({ code: '', message: failure });
      this.#onExit(failure);
    });
  }

  #onMessage(message: FromWorker, onReady: (error: StartError) => void): void {
    if (message.kind === 'ready') {
      onReady(message.error);
      return;
    }
    this.#current = message.stats;
    if (message.kind === 'block') this.#waiting.shift()?.(message.written);
    else if (message.kind === 'finished') this.#onFinished?.();
  }

  /** A thread that died takes the blocks it had with it; another one goes on after a while. */
  #onExit(failure: string): void {
    this.#worker = undefined;
    this.#past = addStats(this.#past, this.#current);
    this.#current = noStats();
    const lost = this.#waiting.splice(0);
    this.#past.blocksLost += lost.length;
    for (const resolve of lost) resolve(false);
    this.#onFinished?.();
    if (this.#isClosing) return;
    this.#past.lastError = failure;
    this.#restart = setTimeout(() => this.#start(() => {}), RESTART_MS);
    this.#restart.unref();
  }
}

function noStats(): SegmentStats {
  return { segments: 0, blocks: 0, bytesWritten: 0, blocksLost: 0, unindexed: 0, removed: 0, lastError: '' };
}

function addStats(a: SegmentStats, b: SegmentStats): SegmentStats {
  return {
    segments: a.segments + b.segments,
    blocks: a.blocks + b.blocks,
    bytesWritten: a.bytesWritten + b.bytesWritten,
    blocksLost: a.blocksLost + b.blocksLost,
    unindexed: a.unindexed + b.unindexed,
    removed: a.removed + b.removed,
    lastError: b.lastError || a.lastError,
  };
}
