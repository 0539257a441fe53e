import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { withCleanUp } from '../../shared/clean-up.ts';
import { hasSecondCore } from '../../shared/machine.ts';
import { TARGET_CORE } from '../../shared/nginx-target.ts';
import { pinned } from '../../shared/run-child.ts';

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

/** So that its own garbage is collected in small pieces: a stamp waits for no pause of milliseconds. */
const NODE_FLAGS = ['--max-semi-space-size=1'];

/** Runs `action` beside the sink on the second core. */
export async function withSink(action: (sink: Sink) => Promise<void>): Promise<void> {
  const entry = fileURLToPath(new URL('./sink-process.js', import.meta.url));
  const command = [process.execPath, ...NODE_FLAGS, entry];
  const [program = '', ...args] = pinned(command, hasSecondCore() ? TARGET_CORE : 'all');
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the server of this bench ended with ${code}`);
  });
  gone.catch(() => {}); // Seen by who asks.
  const answer = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), gone]))?.[0];
  const ask = (question: string): Promise<unknown> => {
    child.send(question);
    return answer();
  };
  const [httpPort, grpcPort] = (await answer()) as [number, number];
  await withCleanUp(
    () => child.kill(),
    () =>
      action({
        httpPort,
        grpcPort,
        served: async () => (await ask('served')) as number,
        arrivals: async () => (await ask('arrivals')) as { arrivalsS: number[]; turnsS: number[] },
      }),
  );
}
