import { fstatSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { tell } from '../people/people.ts';
import { leaveBySignal } from './leave.ts';

/** Every signal that ends a program which does not mind it, but for those that report a fault or ask for a core dump. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = (
  [
    'SIGHUP',
    'SIGINT',
    'SIGQUIT',
    'SIGTERM',
    'SIGALRM',
    'SIGUSR2',
    'SIGVTALRM',
    'SIGPROF',
    'SIGXCPU',
    'SIGIO',
    'SIGPWR',
    'SIGSTKFLT',
  ] as const
).filter((signal) => signal in constants.signals);

/** The same signal again so soon is the same word: `timeout` tells a process and then its group, npm and shells do alike. */
const SAME_WORD_MS = 50;
/** A command that was told to stop gets this long to clean up. */
const CLEAN_UP_MS = 5_000;
/** A command that starts gets this long to mind the signal it was sent; it may wait for a pipe that says nothing. */
const HELD_MS = 10_000;

/** Ends the holding, and returns the signal that came meanwhile. */
let takeHeld: () => NodeJS.Signals | undefined = () => undefined;

/**
 * For every command: SIGUSR1 would make Node open a debugger that anybody on this machine can talk to, and Node undoes
 * what `nohup` has asked for.
 */
export function ignoreSignals(): void {
  process.on('SIGUSR1', () => {});
  if (isNohup()) process.on('SIGHUP', () => {});
}

/**
 * For a command that owes a document from its first moment on: a signal that comes while its modules are loaded and its
 * input is opened is kept for whoever minds signals next, as is one that came `early`, before this. Another one ends the
 * process, and so does the time.
 */
export function holdSignals(early?: NodeJS.Signals): void {
  takeHeld = () => early;
  let held: NodeJS.Signals | undefined;
  let timer: NodeJS.Timeout | undefined;
  const stop = mindSignals((signal) => {
    held = signal;
    tell('engram-trace: stopping (again to leave at once)\n');
    timer = setTimeout(() => void leaveBySignal(signal), HELD_MS).unref();
  });
  takeHeld = () => {
    takeHeld = () => undefined;
    stop();
    clearTimeout(timer);
    return held;
  };
}

/** Gives signals their usual effect again, as nothing will mind them; one that came has it now. */
export function releaseSignals(): void {
  const held = takeHeld();
  if (held !== undefined) void leaveBySignal(held);
}

/**
 * Calls `first` with the first signal that ends a program (at once with one that was held) and `again` with each later one; without `again` the second
 * ends the process at once. Returns what ends the minding.
 */
export function mindSignals(
  first: (signal: NodeJS.Signals) => void,
  again: (signal: NodeJS.Signals) => void = (signal) => void leaveBySignal(signal),
): () => void {
  const held = takeHeld();
  // One that was held came a while ago: the next one is another word.
  let isTold = held !== undefined;
  let word: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal === word) return;
    const act = isTold ? again : first;
    if (!isTold) {
      [isTold, word] = [true, signal];
      afterPause(() => {
        word = undefined;
      });
    }
    act(signal);
  };
  // One that is minded already belongs to somebody: to nohup, to a profiler, to a flag of Node's.
  const free = ENDING_SIGNALS.filter(
    (signal) => process.listenerCount(signal) === 0 && !isForProfiler(signal),
  );
  for (const signal of free) process.on(signal, onSignal);
  if (held !== undefined) first(held);
  return () => {
    for (const signal of free) process.off(signal, onSignal);
  };
}

/**
 * Calls `then` when signals of the same word have had their time. What came while this process stood still is heard
 * between the timer and the immediate; by the time alone it would be another word.
 */
function afterPause(then: () => void): void {
  // The immediate has no `unref`: a process that waits for one file alone would sleep on, and hear the next word first.
  setTimeout(() => setImmediate(then), SAME_WORD_MS).unref();
}

/**
 * Runs `work`; on a signal runs `cleanUp` (which removes what is half written) and ends the process with the signal's
 * exit code. A second signal ends it at once.
 */
export async function withCleanUp<T>(cleanUp: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  let isTold = false;
  const stop = mindSignals((signal) => {
    isTold = true;
    tell(`engram-trace: ${signal === 'SIGTERM' ? 'terminated' : 'interrupted'}\n`);
    const leave = (): void => void leaveBySignal(signal);
    setTimeout(leave, CLEAN_UP_MS);
    void cleanUp().finally(leave);
  });
  try {
    return await work();
  } catch (error) {
    if (isTold) return await new Promise<never>(() => {});
    await cleanUp();
    throw error;
  } finally {
    stop();
  }
}

/** Resolves with the first signal that ends a program; a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => void mindSignals(resolve));
}

/** V8 takes its samples by SIGPROF. */
function isForProfiler(signal: NodeJS.Signals): boolean {
  return (
    signal === 'SIGPROF' && /prof/.test(`${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`)
  );
}

/** `nohup` in a terminal puts a /dev/null that can't be read in the place of stdin; nobody else does. */
function isNohup(): boolean {
  try {
    const flags = Number.parseInt(
      /^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0',
      8,
    );
    return (flags & 3) === 1 && fstatSync(0).rdev === statSync('/dev/null').rdev;
  } catch {
    return false; // not a Linux
  }
}
