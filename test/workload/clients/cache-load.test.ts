import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blake3Hex } from '../../../src/blake3-hex.ts';
import type { Operation } from '../../../src/replay/ports.ts';
import { openScriptOf } from '../../../src/replay-run/options/closed-loop.ts';
import { parseTimeDistribution } from '../../../src/time-distribution.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { CACHE_LOAD, type CacheLoad } from '../../../src/workload/clients/cache-load.ts';
import type { ClientPace } from '../../../src/workload/clients/client-pace.ts';
import { closedCacheLoad } from '../../../src/workload/clients/closed-cache-load.ts';
import { isInShare } from '../../../src/workload/clients/even-share.ts';
import { openCacheLoad } from '../../../src/workload/clients/open-cache-load.ts';
import fc from '../../support/fast-check.ts';
import { MS, play, SECOND } from '../../support/replay-harness.ts';

const LOAD: CacheLoad = { ...CACHE_LOAD, clients: 5, requests: 50, artifactBytes: 64 };
const PACE: ClientPace = {
  think: parseTimeDistribution('exp:20ms', 'think'),
  thinkText: 'exp:20ms',
  rampUpNs: 400 * MS,
};

async function recordsOf(batches: AsyncIterable<TraceRecord[]>): Promise<TraceRecord[]> {
  const records: TraceRecord[] = [];
  for await (const batch of batches) records.push(...batch);
  return records;
}

/** Plays the clients against a cache that stores what it is given, on the virtual clock. */
async function played(load: CacheLoad, pace = PACE) {
  const { trace, closedLoop } = closedCacheLoad(load, pace);
  const stored = new Set<string>();
  const found = { hits: 0, misses: 0, wrong: 0 };
  const run = await play([], {
    timing: { kind: 'clients' },
    headStartNs: 0,
    clients: await openScriptOf(closedLoop.script),
    batches: () => trace.records(),
    fateOf: ({ method, path, body }) => {
      if (method === 'PUT') {
        if (path !== `/cache/${blake3Hex(body)}`) found.wrong++;
        stored.add(path);
      } else if (stored.has(path)) found.hits++;
      else found.misses++;
      return { kind: 'answer', afterNs: 3 * MS, ok: true };
    },
  });
  return { ...run, found, stored, closedLoop };
}

describe('clients of a build cache', () => {
  it('hit as often as asked for, with artifacts under the hash of their bytes', async () => {
    for (const hitRate of [0, 0.1, 0.75, 0.8, 1]) {
      const { found, settled, stored } = await played({ ...LOAD, hitRate });
      const lookups = found.hits + found.misses;
      assert.equal(settled.length, 5 * 50);
      assert.ok(Math.abs(found.hits / lookups - hitRate) < 0.01, `${hitRate}: ${JSON.stringify(found)}`);
      assert.equal(found.wrong, 0);
      const puts = settled.length - lookups;
      assert.ok(Math.abs(puts - (5 + 0.1 * 5 * 49)) <= 5, `${puts} puts`);
      assert.equal(stored.size, puts, 'each artifact is another one while there are enough');
    }
  });

  it('hit the same on a server that holds what an earlier run left', async () => {
    const first = await played(LOAD);
    const again = await played(LOAD);
    assert.deepEqual(again.found, first.found);
    const paths = (run: typeof first) => run.settled.map(({ record }) => record.path);
    assert.deepEqual(paths(again), paths(first));
    assert.notDeepEqual(paths(await played({ ...LOAD, seed: 2 })), paths(first));
  });

  it('begin evenly over the ramp-up, and pause as the distribution has it, to the ns', async () => {
    const { settled, end } = await played({ ...LOAD, requests: 400 });
    const anchorNs = end.startNs ?? Number.NaN;
    const pauses: number[] = [];
    for (let number = 1; number <= 5; number++) {
      const mine = settled.filter(({ record }) => record.session === `client-${number}`);
      assert.equal((mine[0]?.sentNs ?? 0) - anchorNs, ((number - 1) * 400 * MS) / 5);
      mine.slice(1).forEach((operation, i) => {
        assert.equal(operation.sentNs, operation.dueNs);
        pauses.push(operation.dueNs - (mine[i]?.doneNs ?? 0));
      });
    }
    const meanNs = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
    assert.ok(Math.abs(meanNs - 20 * MS) < 2 * MS, `${meanNs}`);
    assert.ok(new Set(pauses).size > 1900);
  });

  it('end with their requests or with the time, whichever is first', async () => {
    const { settled, end } = await played({ ...LOAD, durationNs: SECOND, requests: Infinity });
    const anchorNs = end.startNs ?? Number.NaN;
    assert.ok(settled.length > 100 && settled.every(({ dueNs }) => dueNs - anchorNs < SECOND));
    assert.equal(end.accounting.unsent, 0);
  });

  it('say which open loop has the same rate, and when the hit rate is off by more than 5 points', () => {
    const { closedLoop } = closedCacheLoad({ ...LOAD, hitRate: 0.75 }, PACE);
    const outcome = { sentPerSec: 123.456, cacheHits: 71, cacheMisses: 29 };
    assert.match(
      closedLoop.notesOf(outcome).join(),
      /engram-trace run --target-rate 123 --clients 5 --duration 60 --hit-rate 0.75 --artifact-size 64 --seed 1$/,
    );
    assert.deepEqual(closedLoop.warningsOf(outcome), []);
    const off = closedLoop.warningsOf({ ...outcome, cacheHits: 60, cacheMisses: 40 });
    assert.match(off.join(), /^60\.0 % of the lookups hit, and 75\.0 % were asked for/);
    assert.deepEqual(closedLoop.warningsOf({ ...outcome, cacheHits: null, cacheMisses: null }), []);
  });

  it('ask for what the server took, and go on where it takes nothing', async () => {
    const { trace, closedLoop } = closedCacheLoad({ ...LOAD, clients: 1, hitRate: 1, putShare: 0 }, PACE);
    const { next } = await openScriptOf(closedLoop.script);
    let record: TraceRecord | undefined = (await recordsOf(trace.records()))[0];
    const path = record?.path;
    for (let i = 0; i < 5 && record !== undefined; i++) {
      assert.deepEqual([record.method, record.path], [i === 0 ? 'PUT' : 'GET', path]);
      record = next(0, { record, outcome: { ok: false } } as Operation)?.record;
    }
  });

  it('refuse what makes no sense', () => {
    for (const wrong of [
      { clients: 0 },
      { hitRate: 1.2 },
      { putShare: -1 },
      { artifactBytes: 0 },
      { artifactBytes: 1e9 },
    ])
      assert.throws(() => closedCacheLoad({ ...LOAD, ...wrong }, PACE), { code: 'usage' });
  });

  it('make the same records at a rate of its own, as an open loop', async () => {
    const load = { ...LOAD, durationNs: 20 * SECOND, requests: Infinity };
    const records = await recordsOf(openCacheLoad(load, 100).records());
    assert.ok(Math.abs(records.length - 2000) < 200, `${records.length}`);
    assert.deepEqual(await recordsOf(openCacheLoad(load, 100).records()), records);
    assert.ok(records.every(({ startNs }, i) => startNs >= (records[i - 1]?.startNs ?? 0)));
    const stored = new Set(records.filter(({ op }) => op === 'put').map(({ path }) => path));
    const gets = records.filter(({ op }) => op === 'get');
    const hits = gets.filter(({ path }) => stored.has(path)).length;
    assert.ok(Math.abs(hits / gets.length - 0.75) < 0.01);
    const few = await recordsOf(openCacheLoad({ ...load, requests: 3 }, 100).records());
    assert.equal(few.length, 15);
  });
});

it('a share is met to one at any length, and over many clients with phases of their own', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 30 }),
      (share, count, clients) => {
        let all = 0;
        for (let client = 0; client < clients; client++) {
          let inside = 0;
          for (let n = 0; n < count; n++) if (isInShare(n, share, (client + 0.5) / clients)) inside++;
          assert.ok(Math.abs(inside - share * count) <= 1);
          all += inside;
        }
        assert.ok(Math.abs(all - share * count * clients) <= 1);
      },
    ),
  );
});
