import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress, type ProgressStream } from '../../../src/cli/people/progress.ts';

function fakeStream(isTTY: boolean, isIdle = true): { stream: ProgressStream; text: () => string } {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  return { stream: { isTTY, columns: 80, rows: 24, isIdle, write }, text: () => text };
}

test('off a terminal: a line every five seconds', async () => {
  const { stream, text } = fakeStream(false);
  let now = 0;
  const progress = await createProgress({ stream, nowMs: () => now });
  for (now = 0; now <= 11_000; now += 10) progress.update(() => `at ${now}`);
  progress.stop();
  assert.equal(text(), 'at 5000\nat 10000\n');
});

test('on a terminal: one line, rewritten and removed', async () => {
  const { stream, text } = fakeStream(true);
  let now = 0;
  const progress = await createProgress({ stream, nowMs: () => now });
  for (now = 0; now <= 250; now += 10) progress.update(() => `at ${now}`);
  assert.match(text(), /at 100[\s\S]*at 200/);
  progress.stop();
  assert.doesNotMatch(text().split('at 200')[1] ?? 'at', /at/);
});

test('on a terminal that takes nothing: no line waits for it', async () => {
  const { stream, text } = fakeStream(true, false);
  let now = 0;
  const progress = await createProgress({ stream, nowMs: () => now });
  for (now = 0; now <= 250; now += 10) progress.update(() => `at ${now}`);
  assert.equal(text(), '');
});

test('quiet: nothing, and texts are not even made', async () => {
  const { stream, text } = fakeStream(true);
  const progress = await createProgress({ stream, quiet: true, nowMs: () => 1e9 });
  progress.update(() => assert.fail());
  progress.stop();
  assert.equal(text(), '');
});

test('watching passes every batch on', async () => {
  const { stream, text } = fakeStream(false);
  let now = 0;
  const progress = await createProgress({ stream, nowMs: () => now });
  async function* batches() {
    for (const batch of [1, 2, 3]) {
      now += 4000;
      yield batch;
    }
  }
  const seen: number[] = [];
  for await (const batch of progress.watch(batches(), () => `after ${seen.length}`)) seen.push(batch);
  assert.deepEqual(seen, [1, 2, 3]);
  assert.equal(text(), 'after 1\nafter 3\n', 'the last count is told, where one was');
});
