import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Probe } from '../../src/capacity/probe.ts';
import { type CapacitySearch, searchCapacity } from '../../src/capacity/search-capacity.ts';
import { sweepLoads } from '../../src/capacity/sweep-loads.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';

/** About normal: twelve evenly spread numbers. */
function noiseOf(seed: number): () => number {
  const stream = new SeededStream(seed, 'noise');
  let i = 0;
  return () => {
    let sum = -6;
    for (let k = 0; k < 12; k += 1) sum += stream.positive(i++);
    return sum;
  };
}

const RESAMPLES = 60;

/** A server whose margins at a load are known, and the noise of its runs. */
function server(marginAt: (load: number) => number, seed = 1, sigma = 0.05) {
  const noise = noiseOf(seed);
  return async (load: number): Promise<Probe> => {
    const margin = marginAt(load) + sigma * noise();
    const resampled = Array.from({ length: RESAMPLES }, () => margin + sigma * noise());
    return { load, kind: 'valid', margins: [{ name: 'p99', margin, resampled }] };
  };
}

const search = (probe: CapacitySearch['probe'], more: Partial<CapacitySearch> = {}) =>
  searchCapacity({
    ...{ probe, from: 1000, most: 100_000, least: 10, within: 0.05, maxProbes: 25, isWhole: false },
    ...more,
  });

/** ln(limit / p99) of one queue with exponential times (M/M/1): p99 = ln 100 / (mu - lambda). */
const queue = (serviceRate: number, limitMs: number) => (load: number) => {
  const p99Ms = load >= serviceRate ? 5000 : (Math.log(100) / (serviceRate - load)) * 1000;
  return Math.log(limitMs / p99Ms);
};

describe('the search for a capacity', () => {
  it('finds the knee of a queue within 5 %, in 25 probes or fewer, whatever the noise', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      for (const [serviceRate, limitMs] of [
        [5000, 10],
        [20_000, 10],
        [700, 100],
      ] as const) {
        const truth = serviceRate - (Math.log(100) / limitMs) * 1000;
        const { type, boundary, probes, limitedBy } = await search(server(queue(serviceRate, limitMs), seed));
        const told = `${type} ${boundary?.low} ${boundary?.load} ${boundary?.high}, truth ${truth}, seed ${seed}`;
        assert.equal(type, 'smooth', told);
        assert.ok(Math.abs((boundary?.load ?? 0) / truth - 1) < 0.05, told);
        assert.ok(probes.length <= 25, `${probes.length} probes`);
        assert.deepEqual([boundary?.bindingLimit, limitedBy], ['p99', 'server']);
      }
    }
  });

  it('names the limit that is reached first', async () => {
    const noisy = server(queue(5000, 10));
    const errors = (load: number) => ({ name: 'errors', margin: Math.log(3000 / load), resampled: [] });
    const { boundary } = await search(async (load) => {
      const probe = await noisy(load);
      return { ...probe, margins: [...probe.margins, errors(load)] };
    });
    assert.equal(boundary?.bindingLimit, 'errors');
    assert.ok(Math.abs((boundary?.load ?? 0) / 3000 - 1) < 0.05);
  });

  it('calls a cliff a cliff, with its two sides and no number', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { type, boundary, held, breached } = await search(
        server((load) => (load < 6300 ? 1.5 : -3), seed),
      );
      assert.equal(type, 'cliff');
      assert.equal(boundary, null);
      assert.ok((held ?? 0) < 6300 && (breached ?? 0) >= 6300 && (breached ?? 0) / (held ?? 1) < 1.06);
    }
  });

  it('sees a server that does not come back from an overload', async () => {
    let isBroken = false;
    const noisy = server((load) => {
      isBroken ||= load > 7000;
      return isBroken ? -2 : 1.2;
    });
    const { type, held, breached, probes } = await search(noisy);
    assert.deepEqual([type, held, breached], ['metastable', 4000, 8000]);
    assert.ok(probes.length < 10);
  });

  it('never calls what the generator carries the limit of the server', async () => {
    const noisy = server(() => 1);
    const { type, held, breached, limitedBy, boundary } = await search(async (load) =>
      load > 9000 ? { load, kind: 'generator', margins: [], why: 'late' } : noisy(load),
    );
    assert.deepEqual(
      [type, held, breached, limitedBy, boundary],
      ['not_reached', 8000, null, 'generator', null],
    );
    const inRange = await search(noisy, { most: 3000 });
    assert.deepEqual([inRange.type, inRange.held, inRange.limitedBy], ['not_reached', 3000, 'range']);
  });

  it('repeats runs that are not valid, and scores none of them', async () => {
    const noisy = server(queue(5000, 10));
    let runs = 0;
    const { type, boundary } = await search(async (load) => {
      runs += 1;
      return runs % 3 === 0 ? { load, kind: 'invalid', margins: [] } : noisy(load);
    });
    assert.equal(type, 'smooth');
    assert.ok(Math.abs((boundary?.load ?? 0) / 4539 - 1) < 0.05);
    const never = await search(async (load) => ({ load, kind: 'invalid', margins: [] }));
    assert.deepEqual([never.type, never.probes.length], ['unknown', 3]);
  });

  it('begins below where the first load is too much, and says where nothing holds', async () => {
    const { boundary } = await search(server(queue(600, 10)), { from: 1000 });
    // So flat a curve tells little in 25 runs, and the interval says so.
    assert.ok(boundary && Math.abs(boundary.load / 139.5 - 1) < 0.15, JSON.stringify(boundary));
    assert.ok(boundary.high / boundary.low > 1.05);
    const never = await search(
      server(() => -1),
      { from: 100 },
    );
    assert.deepEqual([never.type, never.held, never.limitedBy], ['never_held', null, 'server']);
  });

  it('finds whole numbers', async () => {
    const clients = await search(
      server((load) => Math.log(37.5 / load)),
      { from: 4, least: 1, isWhole: true },
    );
    assert.ok(clients.probes.every(({ load }) => Number.isInteger(load)));
    assert.ok(Math.abs((clients.boundary?.load ?? 0) / 37.5 - 1) < 0.05);
  });

  it('stops when it is told to, with what is known', async () => {
    let runs = 0;
    const noisy = server(queue(5000, 10));
    const { probes, held } = await search(
      (load) => {
        runs += 1;
        return noisy(load);
      },
      { isStopped: () => runs >= 3 },
    );
    assert.deepEqual([probes.length, held], [3, 4000]);
  });

  it('names no end of the range where it only ended early', async () => {
    const noisy = server(() => 1);
    const short = await search(noisy, { maxProbes: 3 });
    assert.deepEqual([short.type, short.held, short.limitedBy], ['unknown', 4000, null]);
    let runs = 0;
    const cut = await search((load) => noisy(load).finally(() => (runs += 1)), {
      isStopped: () => runs >= 2,
    });
    assert.deepEqual([cut.type, cut.held, cut.limitedBy], ['unknown', 2000, null]);
    runs = 0;
    const swept = await sweepLoads({
      ...{ loads: [1000, 2000, 3000], probe: (load) => noisy(load).finally(() => (runs += 1)) },
      ...{ within: 0.05, isWhole: false, isStopped: () => runs >= 2 },
    });
    assert.deepEqual([swept.type, swept.held, swept.limitedBy], ['unknown', 2000, null]);
  });
});
