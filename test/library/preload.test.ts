import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDevServer, type DevServer } from '../../src/dev-server/dev-server.ts';
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
  const section = await preloadTarget(seeded, run, runDepsOf({ warn: () => {} }), {
    ...{ anyway: false, fromKey: 0, ratePerSec: 5000, ...given },
    open: openWorkload,
    onStart: (memories) => told.push(`${memories} memories`),
    onLeftOut: (why) => told.push(why),
  });
  return { section, told };
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
    const { section, told } = await preload(run);
    assert.deepEqual(told, ['70 memories']);
    assert.ok(section !== undefined);
    const { secs, ...counts } = section;
    assert.deepEqual(counts, { memories: NODES, from: 0, stored: NODES, failed: 0, held_before: 0 });
    assert.ok(secs > 0);
    const document = await runReplay(openWorkload(seeded), `:${server.httpPort}`, {
      ...{ rehearsal: false, senders: 1, preload: section },
    });
    assert.deepEqual(validated(document).preload, section);
    assert.equal(document.operations.total, 10);
    assert.equal(document.operations.failed, 0);

    const again = await preload(run);
    assert.equal(again.section, undefined);
    assert.match(again.told[0] ?? '', /^the target holds \d+ memories already$/);
    const anyway = await preload(run, { anyway: true });
    assert.equal(anyway.section?.stored, NODES);
    const rest = await preload(run, { fromKey: NODES - 5 });
    assert.deepEqual([rest.section?.from, rest.section?.stored], [NODES - 5, 5]);
    assert.equal((await preload(run, { fromKey: NODES })).section, undefined);
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
        });
      const both = runAt({ http: ports.map((port) => `:${port}`) });
      assert.equal((await store(runAt(`:${ports[0]}`)))?.stored, NODES);
      assert.equal((await store(both))?.stored, NODES, 'the second alone');
      assert.equal(await store(both), undefined);
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

test('a target that is full, or down, ends it with what it said', async () => {
  const full = await startServer((request, response) => {
    if (request.method === 'GET') {
      response.end('{"tier_counts":{"total":0}}');
      return;
    }
    request.resume();
    response.statusCode = 507;
    response.end('no room');
  });
  const run = { ...runAt(full.url), prepare: false };
  try {
    await assert.rejects(preload(run), {
      code: 'target',
      message: /refused 70 of 70 memories of the preload, .*507/,
    });
  } finally {
    await full.close();
  }
  await assert.rejects(preload(run), { code: 'target' });
});
