import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distancesOfFit } from '../../src/fit/distances-of-fit.ts';
import { fitScenario } from '../../src/fit/fit-scenario.ts';
import { recordedLoad } from '../../src/fit/recorded-load.ts';
import { scenarioToml } from '../../src/fit/scenario-toml.ts';
import { emptyRecord, type TraceRecord } from '../../src/trace/record/record.ts';
import { recordBatches } from '../../src/workload/generate/record-batches.ts';
import { readScenario } from '../../src/workload/scenario/read-scenario.ts';
import type { Scenario } from '../../src/workload/scenario/scenario.ts';

const SECOND = 1e9;

const SCENARIO: Scenario = readScenario(
  `name = "known"
protocol = "mixed"
grpc_share = 0.25
sessions = 12
[duration]
total_seconds = 60
[arrival]
pattern = "poisson"
lambda = 50
[operations]
store_weight = 20
recall_weight = 60
embedding_search_weight = 20
[data]
num_nodes = 100
embedding_dim = 8
memory_spaces = 4
space_popularity = "zipf"
space_popularity_exponent = 1
content_bytes_min = 100
content_bytes_max = 300
`,
  'known.toml',
);

async function loadOf(scenario: Scenario, seed: number) {
  const window = { startNs: 0, endNs: scenario.durationNs };
  return recordedLoad({ window }, recordBatches({ scenario, seed }));
}

async function loadOfRecords(records: TraceRecord[]) {
  async function* batches() {
    yield records;
  }
  return recordedLoad({ window: undefined }, batches());
}

describe('a scenario learned from a recording', () => {
  it('is the one that made it, within a tenth, and loads again as it was written', async () => {
    const load = await loadOf(SCENARIO, 3);
    const { scenario } = fitScenario('like known', load);
    const again = readScenario(scenarioToml(scenario), 'fitted.toml');
    assert.deepEqual({ ...again, limits: {} }, scenario);
    const { arrival, operations, data, sessions, protocol, grpcShare, durationNs } = scenario;
    assert.ok(
      arrival.pattern === 'poisson' && Math.abs(arrival.rate / 50 - 1) < 0.1,
      JSON.stringify(arrival),
    );
    assert.deepEqual(
      [sessions, protocol, durationNs, data.spaces, data.dimension],
      [12, 'mixed', 60e9, 4, 8],
    );
    assert.ok(Math.abs(grpcShare - 0.25) < 0.025, `${grpcShare}`);
    const all = operations.store + operations.recall + operations.embeddingSearch;
    assert.ok(Math.abs(operations.recall / all - 0.6) < 0.06);
    assert.ok(data.leastContentBytes >= 90 && data.mostContentBytes <= 310);
    assert.ok(data.mostContentBytes - data.leastContentBytes > 130);
    const { spacePopularity } = data;
    assert.ok(spacePopularity.kind === 'zipf' && Math.abs(spacePopularity.exponent - 1) < 0.35);
  });

  it('is told how near it comes by what it makes itself, and an honest distance where it can not', async () => {
    const load = await loadOf(SCENARIO, 3);
    const { scenario } = fitScenario('like known', load);
    const near = await distancesOfFit(scenario, 1, { name: 'known', measures: load.measures });
    assert.ok((near.gaps?.ks ?? 1) < 0.05 && (near.op_mix_distance ?? 1) < 0.05, JSON.stringify(near.gaps));
    for (const { a, b, window_ms } of near.dispersion.slice(0, 2))
      assert.ok(Math.abs((a ?? 0) - (b ?? 9)) < 0.2, `${window_ms}`);

    // Pairs 1 ms apart, as regular as a clock: the gaps are learned, and that they come by turns is not.
    const pairs = Array.from({ length: 2000 }, (_, i) => ({
      ...emptyRecord(),
      op: i % 4 === 0 ? 'dream' : 'recall',
      session: 's',
      startNs: Math.floor(i / 2) * 40e6 + (i % 2) * 1e6,
    }));
    const odd = await loadOfRecords(pairs);
    const fitted = fitScenario('like pairs', odd);
    const far = await distancesOfFit(fitted.scenario, 1, { name: 'pairs', measures: odd.measures });
    assert.equal(fitted.scenario.arrival.pattern, 'gaps');
    assert.ok((far.gaps?.w1_over_mean ?? 1) < 0.02, JSON.stringify(far.gaps));
    const { a = 0, b = 0 } = far.dispersion[2] ?? {};
    assert.ok((a ?? 1) < 0.05 && (b ?? 0) > 0.5, `${a} and ${b}`);
    assert.match(fitted.notes.join('\n'), /the gaps are independent of each other/);
    assert.ok(Math.abs((far.op_mix_distance ?? 0) - 0.25) < 0.01);
    assert.match(
      fitted.notes.join('\n'),
      /25\.0 % of the operations are of ops that no scenario has: dream \(500\)/,
    );
  });

  it('has nothing of the content, of ids, spaces or addresses in it', async () => {
    const secret = 'swordfish';
    const records = Array.from({ length: 100 }, (_, i) => ({
      ...emptyRecord(),
      op: i % 2 === 0 ? 'remember' : 'get_secret',
      session: `${secret}-session`,
      space: `${secret}-${i % 3}`,
      path: `/${secret}`,
      startNs: i * 0.01 * SECOND,
      body: Buffer.from(JSON.stringify({ content: `${secret} ${i}`, embedding: [1, 2, 3], id: secret })),
    }));
    const { scenario } = fitScenario('like it', await loadOfRecords(records));
    assert.equal(scenario.data.dimension, 3);
    assert.doesNotMatch(scenarioToml(scenario), /swordfish/);
  });

  it('tells what a scenario can not keep: pauses after answers, and lookups that find nothing', async () => {
    const records = Array.from({ length: 400 }, (_, n) => ({
      ...emptyRecord(),
      op: 'recall',
      session: `s${n % 4}`,
      startNs: Math.floor(n / 4) * 30e6,
      durationNs: 10e6,
      protocol: n % 2 === 0 ? ('http' as const) : ('grpc' as const),
      // A quarter is not found, a quarter is empty, and errors tell nothing.
      outcome: {
        ...emptyRecord().outcome,
        status: [404, 0, 200, 13][n % 4],
        ok: n % 4 === 1 || n % 4 === 2,
        itemCount: n % 8 === 1 ? 0 : 3,
      },
    }));
    const { notes } = fitScenario('x', await loadOfRecords(records));
    const told = notes.join('\n');
    assert.match(told, /50\.0 % of the lookups found something/);
    assert.match(
      told,
      /sessions paused for 20ms after an answer, and 4 of them were there at one time.*--clients 4 --think 20ms/,
    );
  });

  it('is refused where there is too little, or nothing that a scenario has', async () => {
    const few = await loadOfRecords([{ ...emptyRecord(), op: 'recall' }]);
    assert.throws(() => fitScenario('few', few), { code: 'empty' });
    const gets = Array.from({ length: 50 }, (_, i) => ({ ...emptyRecord(), op: 'GET /x', startNs: i }));
    const other = await loadOfRecords(gets);
    assert.throws(() => fitScenario('other', other), { code: 'unsupported', message: /no operation of it/ });
  });

  it('writes every arrival pattern as it is read', () => {
    const patterns: Scenario['arrival'][] = [
      { pattern: 'constant', rate: 10 },
      { pattern: 'bursty', meanRate: 10, burstFactor: 3.5, burstProbability: 0.1, burstNs: 0.5e9 },
      { pattern: 'mmpp', lowRate: 0.5, highRate: 9, lowNs: 2.5e9, highNs: 1e9 },
      { pattern: 'gaps', rate: 9, gapShares: [0, 0.5, 0.999999999, 1], gapSizes: [0, 0.25, 1, 3.123] },
      { pattern: 'trace', file: 'a "b".trace.zst' },
      { pattern: 'periodic', baseRate: 10, amplitude: 4, periodNs: 12_345_678_000 },
      { pattern: 'periodic_burst', baseRate: 10, burstRate: 50, burstNs: 1e9, periodNs: 10e9 },
      { pattern: 'ramp', startRate: 1, stages: [{ durationNs: 60e9, rate: 9 }] },
      {
        pattern: 'steps',
        startRate: 0,
        stages: [
          { durationNs: 30e9, rate: 9 },
          { durationNs: 30e9, rate: 0 },
        ],
      },
    ];
    for (const arrival of patterns) {
      const text = scenarioToml({ ...SCENARIO, arrival });
      assert.deepEqual(readScenario(text, 'x.toml').arrival, arrival);
    }
  });
});
