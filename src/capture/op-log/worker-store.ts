import { Worker } from 'node:worker_threads';
import { EngramTraceError } from '../../error.ts';
import { emptyLoss, type Loss } from '../../trace/record/record.ts';
import type { BlockStore } from './block-store.ts';
import { createDiskWatch, type DiskWatch, PATIENCE_MS } from './disk-watch.ts';
import type { FromWorker, StartError, ToWorker, WorkerStart } from './segment-messages.ts';
import { addSegmentStats, emptySegmentStats, type SegmentStats } from './segment-stats.ts';
import type { SegmentOptions } from './segment-writer.ts';

export interface WorkerStoreOptions {
  readonly directory: string;
  readonly segments: SegmentOptions;
  readonly nowNs: () => number;
  /** Told what people should know of the disk, one sentence each time. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Start although the op log can't be written: it is tried again and again, and what is lost is counted. */
  readonly startsAnyway?: boolean | undefined;
  /** How long the start waits for the disk; for tests. */
  readonly patienceMs?: number | undefined;
  /** Programs of the thread and of the disk process; for tests. */
  readonly entry?: URL | undefined;
  readonly diskEntry?: URL | undefined;
}

/** Errors that mean, at the start, that the disk is full for the moment; any other is a mistake in the set-up. */
const PASSING_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE']);
const RESTART_MS = 1_000;
/** Numbers of one worker's segments start here times its own number, so that no name comes twice. */
const NUMBERS_PER_WORKER = 100_000;
/** A machine that slept says nothing about its disk. */
const MAX_STEP_NS = 1e9;

/**
 * Starts the thread that compresses and the process that writes; rejects with `io` when the folder can't be used at
 * all. A disk that hangs is waited for a little, then capture starts without it: production may depend on it.
 */
export async function startWorkerStore(options: WorkerStoreOptions): Promise<BlockStore> {
  const store = new WorkerStore(options);
  const error = await store.whenReady(options.patienceMs ?? PATIENCE_MS);
  if (error !== undefined && !PASSING_ERRORS.has(error.code) && options.startsAnyway !== true) {
    await store.close(options.nowNs(), emptyLoss());
    const code = error.code === 'missing_zstd' ? 'missing_zstd' : 'io';
    throw new EngramTraceError(code, `the op log can't be written: ${error.message}`, {
      where: options.directory,
      hint: error.hint,
    });
  }
  return store;
}

class WorkerStore implements BlockStore {
  readonly #options: WorkerStoreOptions;
  readonly #watch: DiskWatch;
  readonly #ready: Promise<StartError | undefined>;
  #worker: Worker | undefined;
  #workers = 0;
  #diskPid: number | undefined;
  #waiting: ((written: boolean) => void)[] = [];
  #isTicking = false;
  #isClosing = false;
  #onFinished: (() => void) | undefined;
  #restart: NodeJS.Timeout | undefined;
  #current: SegmentStats = emptySegmentStats();
  /** The counts of the workers that ended before this one started. */
  #past: SegmentStats = emptySegmentStats();
  #silentNs = 0;
  #tickedNs: number | undefined;

  constructor(options: WorkerStoreOptions) {
    this.#options = options;
    this.#watch = createDiskWatch(options.onWarning ?? (() => {}));
    this.#ready = new Promise((resolve) => this.#start(resolve));
  }

  get stats(): SegmentStats {
    return addSegmentStats(this.#past, this.#current);
  }

  get silentMs(): number {
    return this.#silentNs / 1e6;
  }

  async whenReady(patienceMs: number): Promise<StartError | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#options.onWarning?.("the op log's disk does not answer; capture starts without it");
        resolve(undefined);
      }, patienceMs);
    });
    return Promise.race([this.#ready, late]).finally(() => clearTimeout(timer));
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

  tick(nowNs: number, untold: Loss): void {
    const stepNs = Math.min(MAX_STEP_NS, nowNs - (this.#tickedNs ?? nowNs));
    this.#tickedNs = nowNs;
    const isOwed = this.#isTicking || this.#waiting.length > 0;
    this.#silentNs = isOwed ? this.#silentNs + stepNs : 0;
    this.#watch.look(nowNs, this.#silentNs, this.stats);
    if (this.#worker === undefined || this.#isTicking) return;
    this.#isTicking = true; // one at a time: they must not pile up before a disk that hangs
    this.#post({ kind: 'tick', nowNs, untold });
  }

  close(nowNs: number, untold: Loss): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#restart);
    if (this.#worker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onFinished = resolve;
      this.#post({ kind: 'finish', nowNs, untold });
    });
  }

  giveUp(): void {
    this.#isClosing = true;
    clearTimeout(this.#restart);
    killProcess(this.#diskPid);
    this.#worker?.unref();
    void this.#worker?.terminate();
    this.#onExit("the op log's disk did not answer in time");
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #start(onReady: (error: StartError | undefined) => void): void {
    const { directory, segments, nowNs, diskEntry } = this.#options;
    const firstNumber = segments.firstNumber + this.#workers++ * NUMBERS_PER_WORKER;
    const { untold } = this.#past;
    this.#past.untold = emptyLoss();
    const start: WorkerStart = {
      directory,
      options: { ...segments, firstNumber, untold },
      nowNs: nowNs(),
      diskEntry: diskEntry?.href,
    };
    const entry = this.#options.entry ?? new URL('./segment-worker.js', import.meta.url);
    const worker = new Worker(entry, { workerData: start, name: 'op log' });
    this.#worker = worker;
    let failure = 'the writing thread ended';
    worker.on('message', (message: FromWorker) => this.#onMessage(message, onReady));
    worker.on('error', (error) => {
      failure = error.message;
    });
    worker.on('exit', () => {
      onReady({ code: '', message: failure });
      if (this.#worker === worker) this.#onExit(failure);
    });
  }

  #onMessage(message: FromWorker, onReady: (error: StartError | undefined) => void): void {
    if (message.kind === 'disk') {
      this.#diskPid = message.pid;
      return;
    }
    this.#silentNs = 0;
    if (message.kind === 'ready') {
      onReady(message.error);
      return;
    }
    this.#current = message.stats;
    if (message.kind === 'block') this.#waiting.shift()?.(message.written);
    else if (message.kind === 'ticked') this.#isTicking = false;
    else this.#onFinished?.();
  }

  /** A thread that died takes the blocks it had with it; another one goes on after a while. */
  #onExit(failure: string): void {
    this.#worker = undefined;
    this.#isTicking = false;
    this.#past = addSegmentStats(this.#past, this.#current);
    this.#current = { ...emptySegmentStats(), isClosed: this.#past.isClosed };
    const lost = this.#waiting.splice(0);
    this.#past.blocksLost += lost.length;
    for (const resolve of lost) resolve(false);
    this.#onFinished?.();
    if (!this.#past.isClosed) this.#past.lastError = failure;
    if (this.#isClosing) return;
    this.#restart = setTimeout(() => this.#start(() => {}), RESTART_MS);
    this.#restart.unref();
  }
}

/** Kills a process, even one that hangs in a call to the disk. */
function killProcess(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
