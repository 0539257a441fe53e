import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Sends a signal once more, and again until the process has ended: at once it would be the same word, and where the
 * machine stands still a process hears two that were sent apart at once.
 */
export async function insist(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  for (let waitMs = 200; child.exitCode === null && child.signalCode === null; waitMs = 2000) {
    await pause(waitMs);
    child.kill(signal);
  }
}
