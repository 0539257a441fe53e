import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { lastWords, tell } from '../people/people.ts';
import { exitCodeOfSignal } from './exit-code.ts';

/** The last words to people get this long to be written. */
const LAST_WORDS_MS = 2_000;
/** A thread or a call that has not ended after this waits for a disk, a pipe or a name server, perhaps for ever. */
const HANGS_MS = 500;
const LOOK_EVERY_MS = 10;

const threads = new Set<Worker>();
subscribe('worker_threads', (message) => {
  const { worker } = message as { worker: Worker };
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
  // What Node says in a thread (a warning) would be written by a call that waits.
  worker.stderr.unpipe(process.stderr).on('data', (text: Buffer) => tell(text.toString()));
});

/** After a command has done its work: waits for the last words, and for nothing that hangs. */
export async function leaveWhenDone(): Promise<void> {
  if (await lastWords(LAST_WORDS_MS)) return;
  await leave(Number(process.exitCode ?? 0), 'SIGKILL');
}

/** Ends the process at once, whatever it waits for, with the exit code of the signal that asks for it. */
export async function leaveBySignal(signal: NodeJS.Signals): Promise<never> {
  return leave(exitCodeOfSignal(signal), signal);
}

/**
 * `process.exit` waits for every thread, and one in a call that hangs (the opening of a pipe nobody reads, a disk that
 * is gone) can't be ended. So where there is one the process ends by a signal, with its default effect.
 */
async function leave(code: number, signal: NodeJS.Signals): Promise<never> {
  if ((await allThreadsEnded()) && (await isPoolIdle())) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  return new Promise<never>(() => {});
}

async function allThreadsEnded(): Promise<boolean> {
  const ended = Promise.all([...threads].map((thread) => thread.terminate())).then(() => true);
  return Promise.race([ended, pause(HANGS_MS, false)]);
}

/** Calls of the file system and of name servers run in threads that are waited for too. */
async function isPoolIdle(): Promise<boolean> {
  const isCall = (name: string): boolean => /^(FSReq|GetAddrInfoReq|GetNameInfoReq)/.test(name);
  for (let waitedMs = 0; process.getActiveResourcesInfo().some(isCall); waitedMs += LOOK_EVERY_MS) {
    if (waitedMs >= HANGS_MS) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}
