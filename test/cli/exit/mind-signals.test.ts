import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mindSignals } from '../../../src/cli/exit/signals.ts';
import { until } from '../../capture/support.ts';

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
