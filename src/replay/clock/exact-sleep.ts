import { readlinkSync, writeFileSync } from 'node:fs';

/**
 * Makes the sleeps of this thread end when they should. Linux by default lets each last up to 50 us longer, so that
 * several end together; any thread may ask for none of that. Where it can't be asked for, sleeps are as they are.
 */
export function sleepExactly(): void {
  try {
    const threadId = readlinkSync('/proc/thread-self').split('/').at(-1);
    writeFileSync(`/proc/${threadId}/timerslack_ns`, '1');
  } catch {
    // Another system, or a sandbox.
  }
}
