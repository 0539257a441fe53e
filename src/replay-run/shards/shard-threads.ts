import { Worker } from 'node:worker_threads';
import type { Clock } from '../../replay/ports.ts';
import type { FromShard, OpenShard, ShardLink, ShardListener, ToShard } from './messages.ts';
import type { FromThread, ShardWork, ToThread } from './shard-worker.ts';
import { clockOriginNs } from './shifted-clock.ts';

/** What tests change. */
export interface ThreadTuning {
  program: URL;
  /** Heap of each thread; Node's own limit where undefined. */
  heapMb: number | undefined;
}

const TUNING: ThreadTuning = {
  program: new URL('./shard-worker.js', import.meta.url),
  heapMb: undefined,
};

/** What a shard is told besides its options. */
export type WorkOfShard = Pick<ShardWork, 'transports' | 'tally' | 'isLogged' | 'clients'>;

/** Threads that send: who leaves one plan may be opened again for the next, with all that its code has learned. */
export interface ShardThreads {
  open(workOf: (number: number) => WorkOfShard): OpenShard;
  /** Ends all there are: those that have left their plan, and what was opened in vain. */
  close(): Promise<void>;
}

/** `clock` is the one the shards' times are on. */
export function createShardThreads(clock: Clock, tuning: Partial<ThreadTuning> = {}): ShardThreads {
  const originNs = clockOriginNs(clock);
  const threads: Threads = { idle: [], all: new Set() };
  return {
    open: (workOf) => (number, options, listener) => {
      const work = { ...workOf(number), number, options, clockOriginNs: originNs };
      const thread = threads.idle.pop();
      if (thread !== undefined) return thread.again(work, listener);
      const fresh = new ShardThread({ ...TUNING, ...tuning }, number, work, listener, threads);
      threads.all.add(fresh);
      return fresh.link;
    },
    close: async () => void (await Promise.all([...threads.all].map((thread) => thread.terminate()))),
  };
}

/** The threads there are, and those of them that have left their plan. */
interface Threads {
  readonly idle: ShardThread[];
  readonly all: Set<ShardThread>;
}

class ShardThread {
  readonly #worker: Worker;
  #listener: ShardListener | undefined;
  #why = '';

  constructor(
    { program, heapMb }: ThreadTuning,
    number: number,
    work: ShardWork,
    listener: ShardListener,
    threads: Threads,
  ) {
    this.#listener = listener;
    this.#worker = new Worker(program, {
      workerData: work,
      ...(heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
      name: `sender ${number + 1}`,
    });
    this.#worker.on('message', (message: FromThread) => {
      if (message.kind === 'left') this.#leave(threads);
      else this.#listener?.message(message satisfies FromShard);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    });
    this.#worker.on('exit', (code) => {
      threads.all.delete(this);
      const at = threads.idle.indexOf(this);
      if (at >= 0) threads.idle.splice(at, 1);
      this.#gone(this.#why === '' ? `it ended with code ${code}` : this.#why);
    });
  }

  /** Good for one plan: once it was left, terminating it must not end the thread under the next. */
  get link(): ShardLink {
    const listener = this.#listener;
    const isCurrent = (): boolean => this.#listener === listener;
    return {
      post: (message) => {
        if (isCurrent()) this.#post(message);
      },
      terminate: async () => {
        if (isCurrent()) await this.terminate();
      },
    };
  }

  again(work: ShardWork, listener: ShardListener): ShardLink {
    this.#listener = listener;
    this.#worker.ref();
    this.#post({ kind: 'again', work });
    return this.link;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #leave({ idle }: Threads): void {
    this.#worker.unref();
    idle.push(this);
    this.#gone('it left');
  }

  #gone(why: string): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.gone(why);
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message, handedOver(message));
  }
}

function handedOver(message: ToShard | ToThread): ArrayBuffer[] {
  if (message.kind === 'memory') return [message.memory];
  if (message.kind !== 'batch') return [];
  return [message.batch.bytes.buffer, message.batch.columns.buffer];
}
