import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDevServer, type DevServer } from '../../src/dev-server/dev-server.ts';
import type { EngramTraceError } from '../../src/error.ts';
import { preloadTarget } from '../../src/library/preload-target.ts';
import { preloadTargets } from '../../src/library/preload-targets.ts';
import { targetsOf } from '../../src/library/replay-target.ts';
import { runDepsOf } from '../../src/library/run-deps.ts';
import { runReplay } from '../../src/library/run-replay.ts';
import type { RunOptions } from '../../src/replay-run/options/run-options.ts';
import { openWorkload } from '../../src/workload/generate/open-workload.ts';
import { startServer } from '../cli/replay-support.ts';
import { validated } from '../results/support.ts';
import { scenarioWith } from '../workload/support.ts';

const NODES = 70;
const seeded = {
  seed: 4,
  scenario: scenarioWith(
    {
      durationNs: 2e8,
      arrival: { pattern: 'constant', rate: 50 },
      operations: { store: 0, recall: 1, embeddingSearch: 0, patternCompletion: 0 },
    },
    { nodes: NODES, spaces: 2 },
  ),
};

function runAt(target: Parameters<typeof targetsOf>[0]): RunOptions {
  return { trace: openWorkload(seeded), ...targetsOf(target), prepare: true };
}

async function preload(run: RunOptions, given: { anyway?: boolean; fromKey?: number } = {}) {
  const told: string[] = [];
  const done = await preloadTarget(seeded, run, runDepsOf({ warn: () => {} }), {
    ...{ anyway: false, fromKey: 0, ratePerSec: 5000, ...given },
    open: openWorkload,
    onStart: (memories) => told.push(`${memories} memories`),
    onLeftOut: (why) => told.push(why),
  });
  return { section: done.preload, prepared: done.prepared, told };
}

async function withDevServer(use: (server: DevServer) => Promise<void>): Promise<void> {
  const server = await createDevServer();
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

test('the memories of a scenario are stored first, counted apart, and found by what follows', async () => {
  await withDevServer(async (server) => {
    const run = runAt(`:${server.httpPort}`);
    const { section, prepared, told } = await preload(run);
    assert.deepEqual(told, ['70 memories']);
    assert.equal(prepared?.made, 2);
    assert.ok(section !== undefined);
    const { secs, ...counts } = section;
    assert.deepEqual(counts, {
      memories: NODES,
      from: 0,
      stored: NODES,
      failed: 0,
      next: null,
      held_before: 0,
    });
    assert.ok(secs > 0);
    const document = await runReplay(openWorkload(seeded), `:${server.httpPort}`, {
      ...{ rehearsal: false, senders: 1, preload: section, prepare: true, prepared },
    });
    assert.deepEqual(validated(document).preload, section);
    const { spaces, made, existed } = document.prepare ?? {};
    assert.deepEqual([spaces, made, existed], [2, 2, 0], 'made, though before the memories');
    assert.equal(document.operations.total, 10);
    assert.equal(document.operations.failed, 0);

    const again = await preload(run);
    assert.equal(again.section, undefined);
    assert.match(again.told[0] ?? '', /^the target holds \d+ memories already$/);
    const anyway = await preload(run, { anyway: true });
    assert.equal(anyway.section?.stored, NODES);
    const rest = await preload(run, { fromKey: NODES - 5 });
    assert.deepEqual([rest.section?.from, rest.section?.stored], [NODES - 5, 5]);
    assert.deepEqual((await preload(run, { fromKey: NODES })).section, undefined);
  });
});

test('of several targets each is filled with all memories, one that holds some is left as it is', async () => {
  await withDevServer(async (first) => {
    await withDevServer(async (second) => {
      const ports = [first.httpPort, second.httpPort];
      const store = (run: RunOptions) =>
        preloadTargets(seeded, run, runDepsOf({ warn: () => {} }), {
          ...{ anyway: false, fromKey: 0, ratePerSec: 5000 },
          open: openWorkload,
          onStart: (_, target) => void told.push(`fills ${target}`),
          onLeftOut: (_, target) => void told.push(`leaves ${target}`),
        });
      const told: string[] = [];
      const both = runAt({ http: ports.map((port) => `:${port}`) });
      assert.equal((await store(runAt(`:${ports[0]}`))).preload?.stored, NODES);
      assert.equal((await store(both)).preload?.stored, NODES, 'the second alone');
      const [full, empty] = ports.map((port) => `http://127.0.0.1:${port}`);
      assert.deepEqual(told, ['fills undefined', `leaves ${full}`, `fills ${empty}`]);
      assert.equal((await store(both)).preload, undefined);
    });
  });
});

test('a server that does not say what it holds is left as it is', async () => {
  const server = await startServer((_, response) => response.end('{}'));
  try {
    const { section, told } = await preload({ ...runAt(server.url), prepare: false });
    assert.equal(section, undefined);
    assert.deepEqual(told, ['the target does not say whether it holds something']);
  } finally {
    await server.close();
  }
});

test('two shards that begin at once store one half each, and nothing twice', async () => {
  await withDevServer(async (server) => {
    const run = { ...runAt(`:${server.httpPort}`), prepare: false };
    const ofShard = (index: number) => preload({ ...run, replay: { shard: { index, of: 2 } } });
    const first = await ofShard(0);
    const second = await ofShard(1);
    const stored = [first, second].map(({ section }) => section?.stored ?? 0);
    assert.equal((stored[0] ?? 0) + (stored[1] ?? 0), NODES);
    assert.ok(stored.every((count) => count > 10));
    assert.ok((second.section?.held_before ?? 0) >= (stored[0] ?? 0));
    assert.deepEqual(first.told, [`${stored[0]} memories`]);
    const again = await ofShard(1);
    assert.match(again.told[0] ?? '', /^the target holds 7\d memories already$/);
  });
});

/** A server that stores what `takes` lets it, and says that it holds nothing. */
async function storing(takes: (key: number) => number | 'die') {
  const stored = new Set<number>();
  let asked = 0;
  const server = await startServer(async (request, response) => {
    if (request.method === 'GET') return void response.end('{"tier_counts":{"total":0}}');
    let body = '';
    for await (const chunk of request) body += String(chunk);
    asked += 1;
    const key = Number(/"id":"load_\d+_(\d+)"/.exec(body)?.[1]);
    const status = takes(key);
    if (status === 'die') return void request.socket.destroy();
    response.statusCode = status;
    if (status < 300) stored.add(key);
    response.end(status < 300 ? '{}' : 'no room');
  });
  return { server, stored, asked: () => asked };
}

test('a preload goes on with the first memory that is not stored, whatever is stored behind it', async () => {
  const large = { ...seeded, scenario: scenarioWith({}, { nodes: 700 }) };
  const { server, stored } = await storing((key) => (key === 40 || key === 300 ? 503 : 200));
  try {
    const run = { ...runAt(server.url), prepare: false };
    const done = await preloadTarget(large, run, runDepsOf({ warn: () => {} }), {
      ...{ anyway: false, fromKey: 0, ratePerSec: 50_000 },
      open: openWorkload,
    });
    assert.equal(stored.size, 698);
    const { stored: count, failed, next } = done.preload ?? {};
    assert.deepEqual([count, failed, next], [698, 2, 40]);
  } finally {
    await server.close();
  }
});

test('a target that is full, or dies, is sent no more, and what it said is told', async () => {
  const large = { ...seeded, scenario: scenarioWith({}, { nodes: 5000 }) };
  for (const [answer, code] of [
    [507, /http_507|507/],
    [429, /429/],
    ['die', /connection/],
  ] as const) {
    const { server, stored, asked } = await storing((key) => (key < 100 ? 200 : answer));
    try {
      const run = { ...runAt(server.url), prepare: false };
      const filling = preloadTarget(large, run, runDepsOf({ warn: () => {} }), {
        ...{ anyway: false, fromKey: 0, ratePerSec: 50_000 },
        open: openWorkload,
      });
      await assert.rejects(filling, (error: EngramTraceError) => {
        assert.equal(error.code, 'target');
        assert.match(error.message, code);
        assert.match(error.message, /\d+ were not sent any more$/);
        const missing = Array.from({ length: 5000 }, (_, key) => key).find((key) => !stored.has(key));
        assert.equal(missing, 100);
        assert.match(error.hint ?? '', /--preload-from 100 goes on/);
        return true;
      });
      // A hundredth of all, and what was in flight when that was known.
      assert.ok(asked() <= 100 + 51 + 2 * 32, `${asked()} were sent`);
    } finally {
      await server.close();
    }
  }
});

test('a target that is down ends it before anything is sent', async () => {
  const { server } = await storing(() => 200);
  await server.close();
  await assert.rejects(preload({ ...runAt(server.url), prepare: false }), { code: 'target' });
});
