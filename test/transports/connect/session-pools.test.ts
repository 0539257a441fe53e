import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardOf } from '../../../src/replay/plan/shard-of.ts';
import type { ConnectionBudget } from '../../../src/transports/connect/connection-budget.ts';
import { type ConnectionMode, poolNumberOf } from '../../../src/transports/connect/connection-mode.ts';
import { type SessionPool, SessionPools } from '../../../src/transports/connect/session-pools.ts';
import { SpanTimer } from '../../../src/transports/connect/span-timer.ts';
import fc from '../../support/fast-check.ts';

test('a session goes to the same pool every time, and it is one of those there are', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 65_535 }), (session, pools) => {
      const number = poolNumberOf(session, pools);
      assert.ok(Number.isInteger(number) && number >= 0 && number < pools);
      assert.equal(poolNumberOf(`${session}`, pools), number);
    }),
  );
});

const NAMINGS: [what: string, name: (i: number) => string][] = [
  ['counted', (i) => `${i}`],
  ['addresses', (i) => `10.0.${i >> 8}.${i & 255}:${30_000 + ((i * 7) % 30_000)}`],
  ['copies', (i) => `client-${i % 50}#${Math.floor(i / 50)}`],
  ['of one length', (i) => i.toString(16).padStart(8, '0')],
];

for (const [what, name] of NAMINGS) {
  test(`sessions are spread over pools, also those of one sender: ${what}`, () => {
    const sessions = Array.from({ length: 4000 }, (_, i) => name(i));
    for (const senders of [1, 2, 3, 8]) {
      for (const pools of [2, 4, 7, 16]) {
        const ofFirst = sessions.filter((session) => shardOf(session, senders) === 0);
        const numbers = ofFirst.map((session) => poolNumberOf(session, pools));
        const counts = Array.from({ length: pools }, (_, i) => numbers.filter((each) => each === i).length);
        const mean = ofFirst.length / pools;
        // Six standard deviations of a fair draw.
        const margin = 6 * Math.sqrt(mean);
        for (const count of counts) assert.ok(Math.abs(count - mean) < margin, `${counts} for ${senders}`);
      }
    }
  });
}

/** A pool that does what a test says. */
class FakePool implements SessionPool {
  isIdle = true;
  size = 0;
  sweeps = 0;
  isClosed = false;
  readonly #budget: ConnectionBudget;

  constructor(budget: ConnectionBudget) {
    this.#budget = budget;
  }

  open(): boolean {
    if (!this.#budget.take()) return false;
    this.size += 1;
    return true;
  }

  sweep(): void {
    this.sweeps += 1;
  }

  close(): void {
    for (; this.size > 0; this.size -= 1) this.#budget.give();
    this.isClosed = true;
  }
}

function poolsOf(mode: ConnectionMode, mostConnections = 3, idleSecs = 2): SessionPools<FakePool> {
  return new SessionPools({ mode, mostConnections, idleSecs, make: (budget) => new FakePool(budget) });
}

test('pooled is one pool, N are N, and recorded is one for each session', () => {
  const sessions = Array.from({ length: 200 }, (_, i) => `s${i}`);
  for (const [mode, count] of [
    ['pooled', 1],
    [1, 1],
    [7, 7],
    ['recorded', 200],
  ] as const) {
    const pools = poolsOf(mode);
    const first = sessions.map((session) => pools.of(session));
    assert.equal(new Set(first).size, count);
    assert.equal([...pools].length, count);
    sessions.forEach((session, i) => {
      assert.equal(pools.of(session), first[i]);
    });
  }
});

test('what is warmed up: the pool, the first of N, or those of the sessions that come first', () => {
  assert.equal(poolsOf('pooled').first(['a', 'b'], 64).length, 1);
  assert.equal(poolsOf(5).first(['a'], 64).length, 5);
  assert.equal(poolsOf(500).first([], 64).length, 64);
  const pools = poolsOf('recorded');
  assert.deepEqual(pools.first(['a', 'b', 'c'], 2), [pools.of('a'), pools.of('b')]);
});

test('past the limit the session that was idle for longest gives up its connections; without one there is no room', () => {
  const pools = poolsOf('recorded', 3);
  const [a, b, c] = ['a', 'b', 'c'].map((session) => pools.of(session)) as [FakePool, FakePool, FakePool];
  for (const pool of [a, b, c]) assert.ok(pool.open());
  a.isIdle = false;
  pools.sweep();
  pools.of('b');
  assert.ok(pools.of('d').open());
  assert.deepEqual([a.isClosed, b.isClosed, c.isClosed], [false, false, true]);
  assert.notEqual(pools.of('c'), c, 'its session begins anew');
  for (const pool of pools) pool.isIdle = false;
  assert.equal(pools.of('e').open(), false);
  assert.equal(pools.budget.used, 3);
});

test('a session without connections is forgotten, and one that is idle for too long loses them', () => {
  const pools = poolsOf('recorded', 10, 2);
  const [a, b, c] = ['a', 'b', 'c'].map((session) => pools.of(session)) as [FakePool, FakePool, FakePool];
  a.open();
  b.open();
  b.isIdle = false;
  pools.sweep();
  assert.deepEqual([...pools], [a, b]);
  assert.equal(c.isClosed, true);
  pools.sweep();
  assert.equal(a.isClosed, false);
  pools.sweep();
  assert.deepEqual([a.isClosed, b.isClosed], [true, false]);
  b.isIdle = true;
  pools.sweep();
  pools.sweep();
  assert.equal(b.isClosed, false, 'its age counts from its last operation');
  pools.sweep();
  assert.deepEqual([...pools], []);
  assert.equal(pools.budget.used, 0);
});

test('a span timer counts only while it is so', () => {
  const timer = new SpanTimer();
  assert.equal(timer.at(100), 0);
  timer.set(true, 100);
  timer.set(true, 110);
  assert.equal(timer.at(130), 30);
  timer.set(false, 150);
  timer.set(false, 160);
  assert.equal(timer.at(500), 50);
  timer.set(true, 600);
  assert.equal(timer.at(601), 51);
});
