import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { EngramTraceError } from '../trace/error.ts';

/** What is started: the Node binary and our program's entry file. */
export interface Program {
  execPath: string;
  entry: string;
}

/** A command that runs until it is stopped. */
export interface Server {
  /** The JSON object of its ready line. */
  ready: Record<string, unknown>;
  /** Ends it with SIGTERM and waits until it is gone. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 15_000;

/** Runs one command to its end, its output going where `onLine` says. Throws when it ends with another exit code. */
export async function runCommand(
  program: Program,
  args: readonly string[],
  onLine: (line: string) => void,
  goodCodes: readonly (number | string)[] = [0],
): Promise<void> {
  const child = start(program, args);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLine);
  }
  const code = await exitOf(child);
  if (!goodCodes.includes(code)) throw failed(args, `ended with exit code ${code}`);
}

/** Starts a command that prints one line of JSON when it is ready and runs on. */
export async function startServer(
  program: Program,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<Server> {
  const child = start(program, args);
  const exited = exitOf(child);
  if (child.stderr) createInterface({ input: child.stderr }).on('line', onLine);
  const ready = await Promise.race([
    readyLine(child),
    exited.then((code) => Promise.reject(failed(args, `ended with exit code ${code} before it was ready`))),
    rejectAfter(READY_WITHIN_MS, () => failed(args, `was not ready after ${READY_WITHIN_MS / 1000} s`)),
  ]).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    ready,
    stop: async () => {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await exited;
      clearTimeout(killer);
    },
  };
}

function start(program: Program, args: readonly string[]): ChildProcess {
  return spawn(program.execPath, [program.entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

function readyLine(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).once('line', (line) => {
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
