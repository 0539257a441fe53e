import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { mindSignals } from '../../../src/cli/exit/signals.ts';
import { until } from '../../capture/support.ts';
import { newFolder } from '../../support/folders.ts';

const WORD = 'SIGUSR2';
const send = (): boolean => process.kill(process.pid, WORD);

function standStill(ms: number): void {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs; );
}

it('a signal that was sent twice at once is one word, however late the process comes to hear it', async () => {
  const heard: string[] = [];
  const stop = mindSignals(
    () => {
      heard.push('first');
      send();
      standStill(200);
    },
    () => heard.push('again'),
  );
  try {
    send();
    await until(() => heard.length === 1, 'the first is heard');
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.deepEqual(heard, ['first']);
    // Some time later it is another word, and each one after it too.
    for (const more of [2, 3]) await until(() => heard.length >= more || !send(), 'another is heard');
    assert.deepEqual(heard.slice(0, 3), ['first', 'again', 'again']);
  } finally {
    stop();
  }
});

it('another signal is another word at once', async () => {
  const heard: string[] = [];
  const stop = mindSignals(
    (signal) => heard.push(signal),
    (signal) => heard.push(`again ${signal}`),
  );
  try {
    send();
    await until(() => heard.length === 1, 'the first is heard');
    process.kill(process.pid, 'SIGIO');
    await until(() => heard.length === 2, 'the other one is heard');
    assert.deepEqual(heard, [WORD, 'again SIGIO']);
  } finally {
    stop();
  }
});

it('a process that waits for a file and nothing else hears the second word', async () => {
  const folder = newFolder();
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const signals = new URL('../../../src/cli/exit/signals.js', import.meta.url).href;
  const program =
    // What it minds by is said, so that nobody has to guess when the pause is over.
    `const real = setImmediate; globalThis.setImmediate = (then) => real(() => { then(); console.log('over'); });` +
    `const { mindSignals } = await import('${signals}'); const { open } = await import('node:fs');` +
    `mindSignals(() => console.log('first'), () => { console.log('again'); process.exit(0); });` +
    `console.log('ready'); open(${JSON.stringify(fifo)}, 'r', () => {});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  let said = '';
  child.stdout.on('data', (bytes) => {
    said += bytes;
  });
  try {
    await until(() => said.includes('ready'), 'it waits');
    child.kill(WORD);
    await until(() => said.includes('first'), 'the first is heard');
    // Nothing wakes it but the pause itself: the second word got lost where it slept on.
    await until(() => said.includes('over', said.indexOf('first')), 'the pause ends by itself');
    child.kill(WORD);
    await until(() => said.includes('again'), 'the second is heard');
  } finally {
    child.kill('SIGKILL');
  }
});
