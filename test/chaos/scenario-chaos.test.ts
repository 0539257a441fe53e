import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { scenarioChaos } from '../../src/chaos/scenario-chaos.ts';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { runReplay } from '../../src/library/run-replay.ts';
import { verifyFromFiles } from '../../src/library/verify-from-files.ts';
import type { ChaosLoad } from '../../src/replay-run/options/chaos-load.ts';
import { openWorkload } from '../../src/workload/generate/open-workload.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { scenarioWith } from '../workload/support.ts';

const SEED = 5;
const scenario = scenarioWith(
  {
    durationNs: 1e9,
    arrival: { pattern: 'constant', rate: 20 },
    protocol: 'mixed',
    chaos: {
      ratesPerSec: {
        ...{ stalled_connections: 20, aborted_requests: 20 },
        ...{ malformed_requests: 40, slow_readers: 10 },
      },
      holdNs: 600e9,
      mostConnections: 40,
    },
  },
  { nodes: 10 },
);
const seeded = { scenario, seed: SEED };
const QUICK = { rehearsal: false, senders: 1 };

test('chaos is counted apart from the operations, over HTTP and gRPC, and ends with them', async (t) => {
  const server = await createDevServer();
  t.after(() => server.close());
  const replayLog = join(newFolder(), 'run.replaylog');
  const document = await runReplay(
    openWorkload(seeded),
    { http: `:${server.httpPort}`, grpc: `:${server.grpcPort}` },
    { ...QUICK, replayLog, chaos: scenarioChaos(scenario, SEED) },
  );
  const { operations, chaos, plan, errors } = validated(document);
  assert.deepEqual([operations.total, operations.failed], [20, 0], JSON.stringify(errors));
  assert.ok(chaos !== null);
  const { plan_digest, ...kinds } = chaos;
  const planned = scenarioChaos(scenario, SEED)?.planned(undefined);
  assert.equal(plan_digest, planned?.digest);
  for (const [kind, counts] of Object.entries(kinds)) {
    const { attempted, skipped, unreached } = counts;
    assert.equal(counts.planned, planned?.counts[kind], kind);
    assert.equal(counts.planned, attempted + skipped + unreached, kind);
    const { not_connected, answered, closed_by_server, ended_by_us, cut_off } = counts;
    assert.equal(attempted, not_connected + answered + closed_by_server + ended_by_us + cut_off, kind);
    assert.ok(attempted > 0, kind);
  }
  // They are to be held for ten minutes, and the run took a second.
  assert.ok(chaos.stalled_connections.cut_off > 0);
  assert.ok((chaos.malformed_requests.answers['400'] ?? 0) > 0);
  assert.equal(plan.options['chaos_slow_readers_per_sec'], 10);
  const verified = await verifyFromFiles(replayLog, document);
  assert.ok(verified.agrees, JSON.stringify(verified.checks.filter((check) => !check.agrees).slice(0, 5)));
});

test('a run that can not begin ends its chaos', async () => {
  const server = await createDevServer();
  const target = `:${server.httpPort}`;
  await server.close();
  const http = { ...seeded, scenario: { ...scenario, protocol: 'http' as const } };
  const chaos = scenarioChaos(http.scenario, SEED);
  await assert.rejects(runReplay(openWorkload(http), target, { ...QUICK, chaos }), { code: 'target' });
});

test('what chaos did that nobody knows is told, and takes nothing from the run', async (t) => {
  const server = await createDevServer();
  t.after(() => server.close());
  const calls: string[] = [];
  const chaos: ChaosLoad = {
    ...{ shown: {}, mostConnections: 1, planned: () => ({ digest: '', counts: {} }) },
    open: async (targets) => {
      calls.push(...targets.map(({ protocol }) => protocol));
      return {
        start: () => void calls.push('start'),
        end: async () => 'out of memory',
        close: async () => void calls.push('close'),
      };
    },
  };
  const told: string[] = [];
  const document = await runReplay(
    openWorkload(seeded),
    { http: `:${server.httpPort}`, grpc: `:${server.grpcPort}` },
    { ...QUICK, chaos, warn: (text) => told.push(text) },
  );
  assert.equal(validated(document).chaos, null);
  assert.deepEqual(calls, ['http', 'grpc', 'start', 'close']);
  assert.ok(told.includes('what chaos did is not known: out of memory'));
  assert.equal(document.operations.failed, 0);
});
