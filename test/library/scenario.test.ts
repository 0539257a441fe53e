import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { runReplay } from '../../src/library/run-replay.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { openWorkload } from '../../src/workload/generate/open-workload.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { scenarioWith } from '../workload/support.ts';

test('a server that checks as Engram does takes every operation of a scenario, by HTTP and by gRPC', async () => {
  const server = await createDevServer();
  const folder = newFolder();
  try {
    const scenario = scenarioWith(
      {
        durationNs: 1e9,
        arrival: { pattern: 'constant', rate: 40 },
        protocol: 'mixed',
        operations: { store: 4, recall: 3, embeddingSearch: 2, patternCompletion: 2 },
      },
      { spaces: 2, nodes: 10 },
    );
    const trace = openWorkload({ scenario, seed: 3 });
    const target = { http: `:${server.httpPort}`, grpc: `:${server.grpcPort}` };
    const replayLog = join(folder, 'run.log');
    const document = await runReplay(trace, target, {
      ...{ prepare: true, rehearsal: false, senders: 1, replayLog, traceSeed: 3 },
      limits: { p99LatencyMs: 60_000, errorRate: 0 },
    });
    validated(document);
    assert.equal(document.plan.seed, 3);
    assert.deepEqual(
      document.checks.map(({ pass }) => pass),
      [true, true],
    );
    const verified = await verifyReplay(replayLog, document);
    assert.deepEqual(
      verified.checks.filter((check) => !check.agrees),
      [],
    );
    const [latency, errors] = document.checks;
    const forged = {
      ...document,
      checks: [
        { ...latency, observed: 1 },
        { ...errors, pass: false },
      ],
    };
    assert.equal((await verifyReplay(replayLog, forged)).agrees, false);
    assert.deepEqual(document.errors, []);
    assert.equal(document.operations.successful, 40);
    assert.deepEqual(Object.keys(document.operations.ops).sort(), [
      'complete',
      'recall',
      'remember',
      'search',
    ]);
    assert.deepEqual([document.prepare?.spaces, document.prepare?.made], [2, 2]);
  } finally {
    await server.close();
  }
});
