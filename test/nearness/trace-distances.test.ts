import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distancesText } from '../../src/nearness/distances-text.ts';
import { traceDistances } from '../../src/nearness/trace-distances.ts';
import { measureTrace, type TraceMeasures } from '../../src/nearness/trace-measures.ts';
import { emptyRecord, type TraceRecord } from '../../src/trace/record/record.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';

const MS = 1e6;

interface Made {
  startNs: number;
  op?: string;
  sizeBytes?: number;
  answerBytes?: number;
}

function record({ startNs, op = 'get', sizeBytes = 0, answerBytes }: Made): TraceRecord {
  const made = emptyRecord();
  const outcome =
    answerBytes === undefined ? made.outcome : { ...made.outcome, status: 200, responseBytes: answerBytes };
  return { ...made, startNs, op, body: new Uint8Array(sizeBytes), outcome };
}

async function measured(made: Iterable<Made>): Promise<TraceMeasures> {
  async function* batches() {
    yield Array.from(made, record);
  }
  return measureTrace(batches());
}

/** Starts whose gaps these are. */
function* starts(count: number, gapNs: (index: number) => number): Generator<Made> {
  let startNs = 0;
  for (let i = 0; i < count; i++) {
    startNs += gapNs(i);
    yield { startNs };
  }
}

const poisson = (seed: number, meanNs: number) => {
  const stream = new SeededStream(seed, 'gaps');
  return (i: number) => Math.round(-Math.log(stream.positive(i)) * meanNs);
};

const between = (a: TraceMeasures, b: TraceMeasures) =>
  traceDistances({ name: 'a', measures: a }, { name: 'b', measures: b });

describe('distances of two traces', () => {
  it('are nothing between a trace and itself, shifted in time as it may be', async () => {
    const gaps = poisson(3, 5 * MS);
    const a = await measured(starts(2000, gaps));
    const b = await measured(Array.from(starts(2000, gaps), ({ startNs }) => ({ startNs: startNs + 7e9 })));
    const { gaps: gap, op_mix_distance, dispersion, request_size, response_size } = between(a, b);
    assert.deepEqual(gap, { ks: 0, w1_us: 0, w1_over_mean: 0 });
    assert.equal(op_mix_distance, 0);
    for (const { a: one, b: two } of dispersion) assert.equal(one, two);
    assert.deepEqual([request_size, response_size], [{ ks: 0, w1_bytes: 0 }, null]);
  });

  it('have the values that a metronome and a Poisson process of one rate have by their definition', async () => {
    const metronome = await measured(starts(20_000, () => 10 * MS));
    const { gaps, dispersion } = between(metronome, await measured(starts(20_000, poisson(1, 10 * MS))));
    // KS: 1 - 1/e at the mean; W1: 2/e of the mean.
    assert.ok(Math.abs((gaps?.ks ?? 0) - (1 - 1 / Math.E)) < 0.02, `${gaps?.ks}`);
    assert.ok(Math.abs((gaps?.w1_over_mean ?? 0) - 2 / Math.E) < 0.02, `${gaps?.w1_over_mean}`);
    assert.deepEqual(
      dispersion.map(({ window_ms }) => window_ms),
      [10, 100, 1000, 10_000],
    );
    assert.deepEqual(
      dispersion.map(({ a }) => a),
      [0, 0, 0, 0],
    );
    for (const { window_ms, b } of dispersion.slice(0, 3))
      assert.ok(Math.abs((b ?? 0) - 1) < (window_ms === 1000 ? 0.4 : 0.1), `${window_ms}: ${b}`);
  });

  it('see lumps that gaps are blind to, at the width at which they are', async () => {
    // The same gaps, but all short ones come first in each 2 s: tides of a second.
    const even = await measured(starts(20_000, (i) => (i % 2 === 0 ? 1 : 9) * MS));
    const tides = await measured(starts(20_000, (i) => (i % 400 < 200 ? 1 : 9) * MS));
    const { gaps, dispersion } = between(even, tides);
    assert.deepEqual([gaps?.ks, gaps?.w1_us], [0, 0]);
    const at1s = dispersion[2];
    assert.ok((at1s?.b ?? 0) > 20 * Math.max(0.1, at1s?.a ?? 0), JSON.stringify(at1s));
  });

  it('count the share of operations of another op, and the sizes of each', async () => {
    const mix = (gets: number, sizeBytes: number, answerBytes?: number) =>
      Array.from({ length: 1000 }, (_, i) => ({
        startNs: i * MS,
        op: i < gets ? 'get' : 'put',
        sizeBytes: i < gets ? 0 : sizeBytes,
        ...(answerBytes === undefined ? {} : { answerBytes }),
      }));
    const found = between(await measured(mix(700, 1000, 10)), await measured(mix(550, 2000, 30)));
    assert.ok(Math.abs((found.op_mix_distance ?? 0) - 0.15) < 1e-12);
    assert.deepEqual(
      found.ops.map(({ op, a_count, b_count }) => [op, a_count, b_count]),
      [
        ['get', 700, 550],
        ['put', 300, 450],
      ],
    );
    assert.deepEqual(found.ops[0]?.request_size, { ks: 0, w1_bytes: 0 });
    const put = found.ops[1]?.request_size;
    assert.equal(put?.ks, 1);
    assert.ok(Math.abs((put?.w1_bytes ?? 0) - 1000) < 32, `${put?.w1_bytes}`);
    assert.deepEqual(found.response_size, { ks: 1, w1_bytes: 20 });
  });

  it('are null where there is nothing to compare, and ops of one trace alone are told', async () => {
    const one = await measured([{ startNs: 5, op: 'get' }]);
    const found = between(one, await measured([]));
    assert.deepEqual([found.gaps, found.op_mix_distance, found.request_size], [null, null, null]);
    assert.deepEqual([found.a.rate_per_s, found.b.records], [null, 0]);
    const other = between(one, await measured([{ startNs: 5, op: 'put' }]));
    assert.equal(other.op_mix_distance, 1);
    assert.match(distancesText(other), /^get +1 +100 % +0 +0 % +- +- +- +-$/m);
    assert.match(distancesText(other), /^gaps +-$/m);
  });

  it('take no more memory for more names', async () => {
    const many = await measured(Array.from({ length: 5000 }, (_, i) => ({ startNs: i, op: `op ${i}` })));
    assert.equal(many.ops.size, 1001);
    assert.equal(many.ops.get('(other)')?.count, 4000);
  });
});
