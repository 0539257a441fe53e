import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { withCleanUp } from '../../shared/clean-up.ts';
import { hasSecondCore } from '../../shared/machine.ts';
import { TARGET_CORE } from '../../shared/nginx-target.ts';
import { pinned } from '../../shared/run-child.ts';
import type { SinkAnswer, SinkQuestion } from './sink-question.ts';

/** This project's own server, in a process of its own. */
export interface Sink {
  readonly httpPort: number;
  /** Answers in batches: see `answerCalls`. */
  readonly grpcPort: number;
  /** Requests and calls since it started. */
  served(): Promise<number>;
  /** When requests of HTTP came since this was asked last, and how long its turns took; seconds. */
  arrivals(): Promise<{ arrivalsS: number[]; turnsS: number[] }>;
}

/** Runs `action` beside the sink on the second core. */
export async function withSink(action: (sink: Sink) => Promise<void>): Promise<void> {
  const entry = fileURLToPath(new URL('./sink-process.js', import.meta.url));
  const cores = hasSecondCore() ? TARGET_CORE : 'all';
  const [program = '', ...args] = pinned([process.execPath, entry], cores);
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the server of this bench ended with ${code}`);
  });
  gone.catch(() => {}); // Seen by the race below, unless it is over.
  const [[httpPort, grpcPort]] = (await Promise.race([once(child, 'message'), gone])) as [[number, number]];
  const waiting = new Map<number, (answer: unknown) => void>();
  child.on('message', ({ id, answer }: SinkAnswer) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let lastId = 0;
  const ask = (question: SinkQuestion['question']): Promise<unknown> =>
    new Promise((resolve) => {
      lastId += 1;
      waiting.set(lastId, resolve);
      child.send({ id: lastId, question } satisfies SinkQuestion);
    });
  const sink: Sink = {
    ...{ httpPort, grpcPort },
    served: async () => (await ask('served')) as number,
    arrivals: async () => (await ask('arrivals')) as Awaited<ReturnType<Sink['arrivals']>>,
  };
  // Without it nothing is measured any more.
  await withCleanUp(
    () => child.kill(),
    () => Promise.race([action(sink), gone]),
  );
}
