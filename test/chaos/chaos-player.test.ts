import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChaosEvent } from '../../src/chaos/chaos-plan.ts';
import { ChaosPlayer } from '../../src/chaos/chaos-player.ts';
import type { EventEnd } from '../../src/chaos/play-event.ts';

type OnEnd = (end: EventEnd, answer?: string) => void;

/** Events at these ms, of one kind, played on a clock that the test moves. */
function playing(timesMs: readonly number[], most = 10) {
  let nowMs = 1000;
  let due: { atMs: number; wake: () => void } | undefined;
  const begun: { atMs: number; end: OnEnd }[] = [];
  const events = timesMs.map(
    (atMs, number): ChaosEvent => ({
      ...{ kind: 'slow_readers', number, atNs: atMs * 1e6, variant: 0, share: 0, target: 0 },
    }),
  );
  const player = new ChaosPlayer(
    events,
    most,
    (_, onEnd) => {
      const end: OnEnd = (how, answer) => onEnd(how, answer);
      begun.push({ atMs: nowMs - 1000, end });
      return () => onEnd('cut_off', undefined);
    },
    {
      nowMs: () => nowMs,
      after: (ms, wake) => {
        due = { atMs: nowMs + ms, wake };
        return () => {
          due = undefined;
        };
      },
    },
  );
  const advance = (toMs: number): void => {
    while (due !== undefined && due.atMs <= toMs + 1000) {
      const { atMs, wake } = due;
      nowMs = Math.max(nowMs, atMs);
      due = undefined;
      wake();
    }
    nowMs = toMs + 1000;
  };
  return { player, begun, advance, counts: player.counts.slow_readers, jump: (ms: number) => (nowMs += ms) };
}

test('events begin when they are due, and those that were missed at once', () => {
  const { player, begun, advance, jump } = playing([5, 10, 11, 12, 50]);
  player.start();
  advance(5);
  assert.deepEqual(
    begun.map(({ atMs }) => atMs),
    [5],
  );
  jump(7);
  advance(12);
  advance(60);
  assert.deepEqual(
    begun.map(({ atMs }) => atMs),
    [5, 12, 12, 12, 50],
  );
});

test('what would be too many connections is skipped, and the end cuts off what is open', () => {
  const { player, begun, advance, counts } = playing([1, 2, 3, 4, 90], 2);
  player.start();
  advance(3);
  begun[0]?.end('answered', '200');
  begun[0]?.end('closed_by_server');
  advance(4);
  player.end();
  advance(100);
  const { answers, ...numbers } = counts;
  assert.deepEqual(numbers, {
    ...{ attempted: 3, skipped: 1, not_connected: 0, answered: 1 },
    ...{ closed_by_server: 0, ended_by_us: 0, cut_off: 2 },
  });
  assert.deepEqual(answers, { 200: 1 });
  assert.equal(begun.length, 3);
});

test('a server that answers differently each time makes the results no larger', () => {
  const { player, begun, advance, counts } = playing(
    Array.from({ length: 200 }, (_, i) => i),
    1000,
  );
  player.start();
  advance(200);
  for (const [i, { end }] of begun.entries()) end('answered', String(i));
  assert.equal(Object.keys(counts.answers).length, 51);
  assert.equal(counts.answers['other'], 150);
});
