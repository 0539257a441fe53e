import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createByteWriter } from '../../../src/trace/bytes/byte-writer.ts';
import type { Scenario } from '../../../src/workload/scenario/scenario.ts';
import { createVectors, type WriteVector } from '../../../src/workload/values/vectors.ts';
import { scenarioWith } from '../support.ts';

function vectorsOf(data: Partial<Scenario['data']>, keys: number[], seed = 3): number[][] {
  const vectors = createVectors(scenarioWith({}, data).data, seed);
  return keys.map((key) => JSON.parse(`[${written(vectors.writeText, key)}]`) as number[]);
}

function written(write: WriteVector, key: number): Buffer {
  const out = createByteWriter();
  write(key, out);
  return Buffer.from(out.view(0, out.sizeBytes));
}

/** Of vectors of length 1. */
function cosine(a: number[], b: number[]): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += (a[i] as number) * (b[i] as number);
  return dot;
}

const upTo = (count: number, step = 1): number[] => Array.from({ length: count }, (_, i) => i * step);

function highest(all: number[][]): number {
  let most = -1;
  for (const [i, a] of all.entries()) for (const b of all.slice(0, i)) most = Math.max(most, cosine(a, b));
  return most;
}

const DISTRIBUTIONS: Scenario['data']['embeddings'][] = [
  { type: 'clustered', clusters: 1, stdDev: 0.1 },
  { type: 'clustered', clusters: 10, stdDev: 0 },
  { type: 'uniform' },
  { type: 'hot_spot', center: [0.2, -0.4, 1] },
  { type: 'hot_spot', center: Array.from({ length: 768 }, (_, i) => (i % 7) / 7) },
];

test('no two vectors are as near as the server drops them, pooled or drawn anew', () => {
  for (const embeddings of DISTRIBUTIONS) {
    for (const uniqueVectors of [false, true]) {
      // Members 128 * 128 apart share two parts of three where they are pooled.
      const keys = [...upTo(40), ...upTo(30, 128 * 128), ...upTo(15, 127)].filter(
        (key, at, all) => all.indexOf(key) === at,
      );
      const most = highest(vectorsOf({ embeddings, uniqueVectors }, keys));
      assert.ok(most < 0.95, `${JSON.stringify(embeddings).slice(0, 60)} unique ${uniqueVectors}: ${most}`);
    }
  }
});

test('members of a cluster are near each other, and those of others are not', () => {
  const embeddings = { type: 'clustered', clusters: 4, stdDev: 0.1 } as const;
  const [a, b, other] = vectorsOf({ embeddings }, [0, 4, 1]) as [number[], number[], number[]];
  assert.ok(cosine(a, b) > 0.6, `${cosine(a, b)}`);
  assert.ok(Math.abs(cosine(a, other)) < 0.2, `${cosine(a, other)}`);
  // The centres are those of every seed: a target that another run filled holds neighbours.
  assert.ok(cosine(a, vectorsOf({ embeddings }, [8], 99)[0] as number[]) > 0.6);
});

test('duplicates = true keeps the spread that the scenario asks for', () => {
  const embeddings = { type: 'clustered', clusters: 1, stdDev: 0.1 } as const;
  const [a, b] = vectorsOf({ embeddings, duplicates: true, uniqueVectors: true }, [0, 1]) as [
    number[],
    number[],
  ];
  assert.ok(Math.abs(cosine(a, b) - 1 / 3 / (1 / 3 + 0.01)) < 0.01, `${cosine(a, b)}`);
});

test('vectors have length 1 and the dimension asked for, and the floats of gRPC are the numbers of JSON', () => {
  for (const dimension of [1, 2, 5, 768]) {
    const vectors = createVectors(scenarioWith({}, { dimension }).data, 3);
    const values = JSON.parse(`[${written(vectors.writeText, 17)}]`) as number[];
    assert.equal(values.length, dimension);
    assert.ok(Math.abs(values.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-3);
    const bytes = written(vectors.writeFloats, 17);
    assert.deepEqual(
      values.map(Math.fround),
      values.map((_, at) => bytes.readFloatLE(at * 4)),
    );
    const partial = JSON.parse(`[${written(vectors.writePartial, 17)}]`) as (number | null)[];
    assert.equal(partial.length, dimension);
    assert.ok(partial.every((value, at) => value === null || value === values[at]));
  }
});

test('a pool makes a vector of its own for each of many keys', () => {
  const seen = new Set(vectorsOf({ embeddings: { type: 'uniform' }, dimension: 9 }, upTo(4000)).map(String));
  assert.equal(seen.size, 4000);
});

/** Of the first release that had scenarios. */
const GOLDEN = 'e76eb0a0734703bcfc3e0915ac2cf75358268774f122430ed3ac5085446c9d4c';

test('a seed gives the same vectors on every machine, in each of their forms', () => {
  const hash = createHash('sha256');
  for (const embeddings of DISTRIBUTIONS) {
    for (const uniqueVectors of [false, true]) {
      const vectors = createVectors(scenarioWith({}, { embeddings, uniqueVectors }).data, 3);
      for (const key of [0, 7, 12345, 2 ** 40])
        for (const write of [vectors.writeText, vectors.writePartial, vectors.writeFloats])
          hash.update(written(write, key));
    }
  }
  assert.equal(hash.digest('hex'), GOLDEN);
});
