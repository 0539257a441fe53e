import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardOf } from '../../../src/replay/plan/shard-of.ts';
import { targetOf } from '../../../src/replay/plan/target-of.ts';

const sessions = Array.from({ length: 6000 }, (_, i) => `10.0.${i >> 8}.${i & 255}:${40_000 + i}`);

/** How many of these sessions each target has. */
function sharesOf(some: readonly string[], targets: number): number[] {
  const shares = new Array<number>(targets).fill(0);
  for (const session of some) {
    const target = targetOf(session, targets);
    shares[target] = (shares[target] as number) + 1;
  }
  return shares;
}

test('the target of a session is the same in every run and on every machine', () => {
  const names = ['', 's1', 's2', 's3', 'client-0', 'client-1', '10.0.0.7:51234', 'ünïcode'];
  assert.deepEqual(
    names.map((name) => [1, 2, 3, 64].map((targets) => targetOf(name, targets))),
    [
      [0, 1, 0, 63],
      [0, 0, 1, 18],
      [0, 0, 1, 16],
      [0, 1, 1, 33],
      [0, 1, 0, 31],
      [0, 0, 2, 62],
      [0, 0, 0, 56],
      [0, 1, 2, 37],
    ],
  );
});

test('sessions are spread evenly over the targets', () => {
  for (const targets of [2, 3, 4, 7]) {
    const mean = sessions.length / targets;
    // Five standard deviations of a fair draw.
    for (const share of sharesOf(sessions, targets)) {
      assert.ok(Math.abs(share - mean) < 5 * Math.sqrt(mean), `${share} of ${mean}`);
    }
  }
});

test('each shard reaches each target evenly, whatever the number of both', () => {
  for (const shards of [2, 3, 4, 8]) {
    for (const targets of [2, 3, 4, 8]) {
      for (let shard = 0; shard < shards; shard += 1) {
        const own = sessions.filter((session) => shardOf(session, shards) === shard);
        const mean = own.length / targets;
        for (const share of sharesOf(own, targets)) {
          assert.ok(
            Math.abs(share - mean) < 5 * Math.sqrt(mean),
            `${share} of ${mean}: ${shards}, ${targets}`,
          );
        }
      }
    }
  }
});
