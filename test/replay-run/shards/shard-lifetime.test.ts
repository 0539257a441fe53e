import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { EngramTraceError } from '../../../src/error.ts';
import type { ReplayEnd } from '../../../src/replay/engine/replay-end.ts';
import { isInShard, shardOf } from '../../../src/replay/plan/shard-of.ts';
import { replayOptions } from '../../../src/replay/replay-options.ts';
import type { FromShard, ShardListener, ToShard } from '../../../src/replay-run/shards/messages.ts';
import { startShard } from '../../../src/replay-run/shards/shard.ts';
import { ShardPool } from '../../../src/replay-run/shards/shard-pool.ts';
import { shareOf } from '../../../src/replay-run/shards/share.ts';
import { UNKNOWN_HEALTH } from '../../../src/results/health/generator-health.ts';
import { SECOND } from '../../support/replay-harness.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

describe('warming up shards', () => {
  /** A pool whose shards say only what the test says for them. */
  function scripted() {
    const listeners: ShardListener[] = [];
    const heard: ToShard['kind'][] = [];
    const pool = new ShardPool(replayOptions(), 2, (_, __, listener) => {
      listeners.push(listener);
      return { post: ({ kind }) => void heard.push(kind), terminate: async () => {} };
    });
    const tell = (message: FromShard): void => {
      for (const listener of listeners) listener.message(message);
    };
    return { pool, listeners, heard, tell };
  }

  it('is over when they have ended before they came to it', async () => {
    const { pool, heard, tell } = scripted();
    const warming = pool.warmUp(1000);
    assert.deepEqual(heard, ['warm_up', 'warm_up']);
    tell({ kind: 'ended', end: {} as ReplayEnd, health: UNKNOWN_HEALTH, addressUse: [] });
    // What they say of it afterwards is not heard any more.
    tell({ kind: 'warm', errors: [{ message: 'late', where: undefined, hint: undefined }] });
    assert.deepEqual(await warming, []);
  });

  it('is over when they die, and asks nothing of those that have ended', async () => {
    const { pool, listeners, heard, tell } = scripted();
    const warming = pool.warmUp(1000);
    for (const { gone } of listeners) gone('scripted');
    assert.deepEqual(await warming, []);
    heard.length = 0;
    tell({ kind: 'ended', end: {} as ReplayEnd, health: UNKNOWN_HEALTH, addressUse: [] });
    assert.deepEqual(await pool.warmUp(1000), []);
    assert.deepEqual(heard, []);
  });
});

it('warming up shards: each opens connections for the sessions it will play, also where all are one shard of several', () => {
  for (const shard of [undefined, { index: 1, of: 2 }]) {
    const posted: ToShard[] = [];
    const pool = new ShardPool(replayOptions({ shard }), 2, () => ({
      post: (message) => void posted.push(message),
      terminate: async () => {},
    }));
    const http = Array.from({ length: 60 }, (_, i) => `c${i}`).filter((name) => isInShard(name, shard));
    void pool.warmUp(1000, { http, grpc: [] });
    const sessions = posted.map((message) =>
      message.kind === 'warm_up' ? message.sessions?.http : undefined,
    );
    const wanted = [0, 1].map((number) => http.filter((name) => shardOf(name, 2, shard?.of) === number));
    assert.deepEqual(sessions, wanted);
    assert.ok(wanted.every(({ length }) => length > 0));
  }
});

describe('a shard that is to leave', () => {
  it('says nothing more, whatever it had begun', async () => {
    const clock = createVirtualClock();
    const said: string[] = [];
    let warmed = (_: EngramTraceError[]): void => {};
    const hear = startShard({
      number: 0,
      tally: { timeScale: 1 },
      isLogged: false,
      options: shareOf(replayOptions(), 0, 1),
      clock,
      transports: {
        prepare: async () => {},
        warmUp: () =>
          new Promise((resolve) => {
            warmed = resolve;
          }),
        for: () => undefined,
        addressUse: () => [],
        close: async () => {},
      },
      startHealth: () => ({ stop: () => UNKNOWN_HEALTH }),
      tell: ({ kind }) => void said.push(kind),
      leave: () => void said.push('left'),
    });
    hear({ kind: 'warm_up', timeoutMs: 1000, sessions: undefined });
    await turn();
    hear({ kind: 'close' });
    await turn();
    // Its thread may be another shard by now, and its words would be taken for that one's.
    warmed([new EngramTraceError('target', 'late')]);
    await turn();
    await clock.advance(10 * SECOND);
    assert.deepEqual(said, ['left']);
  });
});
