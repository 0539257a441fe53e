import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineQueue } from '../../../src/cli/people/line-queue.ts';

/** An outlet that takes, holds or refuses what it is given. */
function fakeOutlet() {
  let text = '';
  let does: 'take' | 'hold' | 'refuse' = 'take';
  let release = (): void => {};
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (does === 'refuse') throw new Error('ENOSPC');
    if (does === 'hold') {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    }
    text += Buffer.from(bytes).toString();
  };
  return {
    outlet: { write },
    text: () => text,
    become: (next: typeof does) => {
      does = next;
      release();
    },
  };
}

test('what is taken at once is out when say returns', () => {
  const { outlet, text } = fakeOutlet();
  new LineQueue(outlet, 'stderr').say('hello\n');
  assert.equal(text(), 'hello\n');
});

test('what is refused fails nobody, and is told when something is taken again', async () => {
  const { outlet, text, become } = fakeOutlet();
  const queue = new LineQueue(outlet, 'stderr');
  become('refuse');
  queue.say('one\n');
  queue.say('two\nthree\n');
  await queue.idle();
  become('take');
  queue.say('four\n');
  queue.say('five\n');
  await queue.idle();
  assert.equal(text(), 'engram-trace: 3 lines were left out here: stderr took nothing\nfour\nfive\n');
});

test('while nothing is taken no more than 64 KiB wait, and the newest are kept', async () => {
  const { outlet, text, become } = fakeOutlet();
  const queue = new LineQueue(outlet, 'stderr');
  become('hold');
  const line = (number: number): string => `${String(number).padStart(99)}\n`;
  for (let number = 0; number < 10_000; number++) queue.say(line(number));
  assert.equal(queue.isIdle, false);
  become('take');
  await queue.idle();
  assert.equal(queue.isIdle, true);
  const kept = Math.floor(65_536 / 100);
  const [first, note, ...rest] = text().trimEnd().split('\n');
  assert.equal(first?.trim(), '0', 'this one was on its way');
  assert.equal(note, `engram-trace: ${9_999 - kept} lines were left out here: stderr took nothing`);
  assert.equal(rest.length, kept);
  assert.equal(rest.at(-1)?.trim(), '9999');
});
