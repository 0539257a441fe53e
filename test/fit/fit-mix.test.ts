import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitMix } from '../../src/fit/fit-mix.ts';
import { MixOverTime } from '../../src/fit/mix-over-time.ts';
import { scenarioToml } from '../../src/fit/scenario-toml.ts';
import { recordBatches } from '../../src/workload/generate/record-batches.ts';
import { readScenario } from '../../src/workload/scenario/read-scenario.ts';
import type { MixStage } from '../../src/workload/scenario/scenario.ts';

const STAGES = `
[[operations.stages]]
duration_sec = 30
store_weight = 8
recall_weight = 1
embedding_search_weight = 1
[[operations.stages]]
duration_sec = 50
store_weight = 1
recall_weight = 5
embedding_search_weight = 4
[[operations.stages]]
duration_sec = 20
store_weight = 0
recall_weight = 1
embedding_search_weight = 0`;
const ONE = `
[operations]
store_weight = 3
recall_weight = 5
embedding_search_weight = 2`;

function scenarioWith(operations: string) {
  const text = `name = "x"
[duration]
total_seconds = 100
[arrival]
pattern = "poisson"
lambda = 40
[data]
num_nodes = 10
embedding_dim = 2
memory_spaces = 1${operations}`;
  return readScenario(text, 'x.toml');
}

async function mixOf(operations: string, seed: number): Promise<MixOverTime> {
  const mix = new MixOverTime();
  const kinds = { remember: 'store', recall: 'recall', search: 'embeddingSearch' } as const;
  for await (const batch of recordBatches({ scenario: scenarioWith(operations), seed }))
    for (const { op, startNs } of batch) mix.add(kinds[op as keyof typeof kinds], startNs);
  return mix;
}

function sharesOf({ operations }: MixStage): number[] {
  const all = Object.values(operations).reduce((sum, each) => sum + each, 0);
  return [operations.store, operations.recall, operations.embeddingSearch].map((weight) => weight / all);
}

describe('the mix of operations over time', () => {
  it('is found again where it changes: when, and to what', async () => {
    for (const seed of [1, 2, 3]) {
      const found = fitMix(await mixOf(STAGES, seed)) ?? assert.fail('one mix');
      const wanted = scenarioWith(STAGES).mixStages ?? [];
      assert.equal(found.length, wanted.length, JSON.stringify(found));
      for (const [i, stage] of wanted.entries()) {
        const here = found[i] as MixStage;
        assert.ok(Math.abs(here.durationNs - stage.durationNs) < 5e9, `${here.durationNs}`);
        const shares = sharesOf(here);
        for (const [op, share] of sharesOf(stage).entries())
          assert.ok(Math.abs((shares[op] as number) - share) < 0.06, `stage ${i}: ${shares}`);
      }
    }
  });

  it('is one where it does not change', async () => {
    for (let seed = 1; seed <= 5; seed++)
      assert.equal(fitMix(await mixOf(ONE, seed)), undefined, `seed ${seed}`);
  });

  it('is counted in wider bins when a recording is long, and none is lost', () => {
    const mix = new MixOverTime();
    for (let second = 0; second < 86_400; second += 10)
      mix.add(second < 43_200 ? 'recall' : 'store', second * 1e9);
    assert.ok(mix.bins <= 512 && mix.bins > 256, `${mix.bins}`);
    const [store, recall] = mix.sums();
    assert.deepEqual([store?.at(-1), recall?.at(-1)], [4320, 4320]);
    const found = fitMix(mix) ?? [];
    assert.equal(found.length, 2);
    assert.ok(Math.abs((found[0]?.durationNs as number) / 43_200e9 - 1) < 0.01);
  });

  it('is written as it is read, and weights beside stages are refused', () => {
    const scenario = scenarioWith(STAGES);
    assert.deepEqual(readScenario(scenarioToml(scenario), 'x.toml').mixStages, scenario.mixStages);
    const [store, recall, search] = sharesOf({ durationNs: 1, operations: scenario.operations });
    assert.deepEqual(
      [store, recall, search].map((share) => share?.toFixed(3)),
      ['0.290', '0.480', '0.230'],
    );
    assert.throws(() => scenarioWith(STAGES.replace('[[', '[operations]\nrecall_weight = 1\n[[')), {
      message: /operations.recall_weight is no key here/,
      hint: /with stages each has weights of its own/,
    });
  });
});
