import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInShard } from '../../../src/replay/plan/shard-of.ts';
import { planReplay } from '../../../src/replay-run/plan-replay.ts';
import { parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import type { TakesOutlined } from '../../../src/trace/trace.ts';
import { openWorkload } from '../../../src/workload/generate/open-workload.ts';
import { outlineWorkload } from '../../../src/workload/generate/outline-workload.ts';
import { recordBatches } from '../../../src/workload/generate/record-batches.ts';
import type { Scenario } from '../../../src/workload/scenario/scenario.ts';
import { scenarioWith } from '../support.ts';

const SCENARIO: Partial<Scenario> = {
  durationNs: 20e9,
  arrival: { pattern: 'poisson', rate: 100 },
  operations: { store: 3, recall: 4, embeddingSearch: 2, patternCompletion: 1 },
  protocol: 'mixed',
};

function counted(
  records: readonly TraceRecord[],
  keyOf: (record: TraceRecord) => string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const record of records) counts.set(keyOf(record), (counts.get(keyOf(record)) ?? 0) + 1);
  return counts;
}

const takesAll: TakesOutlined = () => true;
const takesHttpOfShard: TakesOutlined = (protocol, session) =>
  protocol === 'http' && isInShard(session(), { index: 1, of: 3 });

test('what is counted is what would be made', async () => {
  for (const sessions of [undefined, 7]) {
    const seeded = { scenario: scenarioWith({ ...SCENARIO, sessions }, { nodes: 50 }), seed: 3 };
    const made: TraceRecord[] = [];
    for await (const batch of recordBatches(seeded)) made.push(...batch);
    for (const takes of [takesAll, takesHttpOfShard]) {
      const taken = made.filter(({ protocol, session }) => takes(protocol, () => session));
      assert.deepEqual(await outlineWorkload(seeded, takes), {
        taken: taken.length,
        left: made.length - taken.length,
        firstNs: taken[0]?.startNs,
        lastNs: taken.at(-1)?.startNs,
        perOp: counted(taken, ({ op }) => op),
        perProtocol: counted(taken, ({ protocol }) => protocol),
        perSession: counted(taken, ({ session }) => session),
        inOtherSessions: 0,
      });
    }
  }
});

test('the plan of a long run is counted, and a few of its operations are made', async () => {
  const scenario = scenarioWith({ ...SCENARIO, durationNs: 8 * 3600e9 }, { nodes: 50 });
  const trace = openWorkload({ scenario, seed: 3 });
  const http = parseHttpEndpoint(':7432');
  const { summary } = await planReplay({ trace, http, grpc: undefined });
  const { operations, excluded, perOp, otherSessionsOperations, digest, first } = summary;
  const all = operations + excluded.no_target;
  assert.ok(Math.abs(all - 2_880_000) < 5 * Math.sqrt(2_880_000), `${all}`);
  // Half of all but the completions go by gRPC.
  assert.ok(Math.abs(excluded.no_target / all - 0.45) < 0.003);
  assert.equal(
    [...perOp.values()].reduce((sum, count) => sum + count, 0),
    operations,
  );
  assert.equal(otherSessionsOperations, operations - 10_000);
  assert.equal(digest, undefined);
  assert.equal(first.length, 10);
  assert.ok(summary.durationNs > 8 * 3599e9 && summary.durationNs < 8 * 3600e9);
  assert.ok(Math.abs((summary.ratePerSec ?? 0) - operations / (8 * 3600)) < 0.1);
});
