import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { runReplay } from '../../src/library/run-replay.ts';
import { parseTimeDistribution } from '../../src/time-distribution.ts';
import { CACHE_LOAD } from '../../src/workload/clients/cache-load.ts';
import { closedCacheLoad } from '../../src/workload/clients/closed-cache-load.ts';
import { startServer } from '../cli/replay-support.ts';

const PACE = { think: parseTimeDistribution('0', 'think'), thinkText: '0', rampUpNs: 0 };
const LOAD = { ...CACHE_LOAD, artifactBytes: 256, durationNs: 600e9 };
const quiet = { warn: () => {} };

describe('clients of a build cache against a server', () => {
  it('hit as often as they were asked to, within 2 points', async () => {
    const server = await createDevServer();
    try {
      for (const [seed, hitRate] of [0, 0.75, 1].entries()) {
        const load = { ...LOAD, clients: 8, requests: 25, hitRate, seed };
        const { trace, closedLoop } = closedCacheLoad(load, PACE);
        const document = await runReplay(trace, `:${server.httpPort}`, { closedLoop, ...quiet });
        const { hits, misses } = document.cache;
        assert.equal(document.operations.total, 200);
        const observed = (hits ?? 0) / ((hits ?? 0) + (misses ?? 0));
        assert.ok(Math.abs(observed - hitRate) <= 0.02, `${observed}, and ${hitRate} was asked for`);
      }
    } finally {
      await server.close();
    }
  });

  it('never have more open requests than they are, by the count of the server, whatever the number of threads', async () => {
    let open = 0;
    let most = 0;
    const server = await startServer((request, response) => {
      open += 1;
      most = Math.max(most, open);
      request.resume();
      request.on('end', () =>
        setTimeout(() => {
          open -= 1;
          response.end('ok');
        }, 2),
      );
    });
    try {
      const load = { ...LOAD, clients: 7, requests: 15 };
      const { trace, closedLoop } = closedCacheLoad(load, PACE);
      const document = await runReplay(trace, server.url, {
        ...{ closedLoop, senders: 2, connections: 'recorded' as const },
        ...quiet,
      });
      assert.equal(document.operations.total, 105);
      assert.equal(document.plan.options['senders'], 2);
      assert.ok(most >= 2 && most <= 7 && document.fidelity.engine.max_in_flight <= 7, `${most} were open`);
    } finally {
      await server.close();
    }
  });
});

it('what is for a plan is refused beside clients, and not passed over', async () => {
  const { trace, closedLoop } = closedCacheLoad(LOAD, PACE);
  const own = { ...closedLoop, script: { durationNs: 1, next: () => undefined } };
  for (const [options, message] of [
    [{ closedLoop, replay: { loops: 2 } }, /replay\.loops is for a plan/],
    [{ closedLoop, replay: { shard: { index: 0, of: 2 } } }, /replay\.shard is for a plan/],
    [{ closedLoop, only: 'reads' as const }, /only is for a plan/],
    [{ closedLoop, range: { limit: 3 } }, /range is for a plan/],
    [{ closedLoop: own, senders: 2 }, /clients of your own are played by one thread/],
  ] as const)
    await assert.rejects(runReplay(trace, ':9', { ...options, ...quiet }), { code: 'usage', message });
});
