import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { EngramTraceError } from '../error.ts';

/** The program that is started: the Node binary and the entry file. */
export interface Program {
  execPath: string;
  entry: string;
}

/** A command of this program that runs until it is stopped. */
export interface Server {
  /** The JSON object of its ready line. */
  ready: Record<string, unknown>;
  /** Ends it with SIGTERM and waits until it is gone. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 15_000;

/** Starts commands of this program, and knows which of them still run. */
export interface Launcher {
  /** Runs one command to its end, its output going to `onLine`. Throws when it ends with another exit code. */
  run(args: readonly string[], onLine: (line: string) => void, goodCodes?: readonly number[]): Promise<void>;
  /** Starts a command that prints one line of JSON when it is ready and runs on. */
  serve(args: readonly string[]): Promise<Server>;
  /** Ends whatever still runs. */
  stopAll(): Promise<void>;
}

export function createLauncher(program: Program): Launcher {
  const running = new Map<ChildProcess, Promise<number | string>>();
  const start = (args: readonly string[]) => {
    const child = spawn(program.execPath, [program.entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = exitOf(child).finally(() => running.delete(child));
    running.set(child, exited);
    return { child, exited };
  };
  return {
    async run(args, onLine, goodCodes = [0]) {
      const { child, exited } = start(args);
      for (const stream of [child.stdout, child.stderr])
        createInterface({ input: stream }).on('line', onLine);
      const code = await exited;
      if (!(goodCodes as (number | string)[]).includes(code))
        throw failed(args, `ended with exit code ${code}`);
    },
    async serve(args) {
      const { child, exited } = start(args);
      child.stderr.resume();
      const ready = await Promise.race([
        readyLine(child.stdout),
        exited.then((code) =>
          Promise.reject(failed(args, `ended with exit code ${code} before it was ready`)),
        ),
        rejectAfter(READY_WITHIN_MS, () => failed(args, `was not ready after ${READY_WITHIN_MS / 1000} s`)),
      ]).catch((error: unknown) => {
        child.kill('SIGKILL');
        throw error;
      });
      return { ready, stop: () => stop(child, exited) };
    },
    async stopAll() {
      await Promise.all([...running].map(([child, exited]) => stop(child, exited)));
    },
  };
}

async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(killer);
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

function readyLine(stdout: Readable): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    createInterface({ input: stdout }).once('line', (line) => {
      try {
        resolve(JSON.parse(line) as Record<string, unknown>);
      } catch (error) {
        reject(error);
      }
    });
  });
}

function rejectAfter(ms: number, error: () => Error): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(error()), ms).unref());
}

function failed(args: readonly string[], what: string): EngramTraceError {
  return new EngramTraceError('internal', `engram-trace ${args[0]} ${what}`);
}
