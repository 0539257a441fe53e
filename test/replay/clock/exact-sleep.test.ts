import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { sleepExactly } from '../../../src/replay/clock/exact-sleep.ts';

/** Undefined where the system has no such thing. */
function slackNs(threadId: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${threadId}/timerslack_ns`, 'utf8'));
  } catch {
    return undefined;
  }
}

test('exact sleep: asked for by a thread it is that thread alone whose sleeps end in time', async (t) => {
  const before = slackNs('self');
  if (before === undefined) return t.skip('no timer slack here');
  const module = new URL('../../../src/replay/clock/exact-sleep.js', import.meta.url).href;
  const program = `
    import { readFileSync, readlinkSync } from 'node:fs';
    import { parentPort } from 'node:worker_threads';
    import { sleepExactly } from ${JSON.stringify(module)};
    sleepExactly();
    const threadId = readlinkSync('/proc/thread-self').split('/').at(-1);
    parentPort.postMessage(Number(readFileSync('/proc/' + threadId + '/timerslack_ns', 'utf8')));
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  assert.equal(await new Promise((resolve) => worker.once('message', resolve)), 1);
  assert.equal(slackNs('self'), before);
  sleepExactly();
  assert.equal(slackNs('self'), 1);
});
