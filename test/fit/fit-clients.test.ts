import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientsToml } from '../../src/fit/clients-toml.ts';
import { distancesOfClients } from '../../src/fit/distances-of-fit.ts';
import { fitClients } from '../../src/fit/fit-clients.ts';
import { recordedLoad } from '../../src/fit/recorded-load.ts';
import { parseTimeDistribution, sampleTimeNs } from '../../src/time-distribution.ts';
import { emptyRecord, type TraceRecord } from '../../src/trace/record/record.ts';
import { CACHE_LOAD, type CacheLoad, cacheClients } from '../../src/workload/clients/cache-load.ts';
import { readClientScenario } from '../../src/workload/clients/client-scenario.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';

const MS = 1e6;
const SECOND = 1e9;

/** What these clients do with a server that takes `answerNs` and holds all that was stored. */
function recordingOf(load: CacheLoad, think: string, answerNs: number): TraceRecord[] {
  const pauses = new SeededStream(load.seed, 'test pauses');
  const distribution = parseTimeDistribution(think, 'think');
  const stored = new Set<string>();
  let drawn = 0;
  const records = cacheClients({ ...load, requests: 1e6 }).clients.flatMap((client) => {
    const own: TraceRecord[] = [];
    for (let startNs = 0; startNs < load.durationNs; ) {
      const record = { ...client.next(), startNs, durationNs: answerNs };
      if (record.op === 'put') stored.add(record.path);
      const isHit = record.op === 'put' || stored.has(record.path);
      own.push({ ...record, outcome: { ...record.outcome, status: isHit ? 200 : 404, ok: true } });
      client.answered(record, true);
      startNs += answerNs + sampleTimeNs(distribution, (which) => pauses.uniform(drawn, which));
      drawn += 1;
    }
    return own;
  });
  return records.sort((a, b) => a.startNs - b.startNs);
}

async function loadOf(records: TraceRecord[], durationNs: number) {
  async function* batches() {
    yield records;
  }
  return recordedLoad({ window: { startNs: 0, endNs: durationNs } }, batches());
}

const near = (found: number, wanted: number, what: string) =>
  assert.ok(Math.abs(found / wanted - 1) < 0.1, `${what}: ${found}, not ${wanted}`);

describe('clients learned from the recording of a build cache', () => {
  const thinks = ['exp:40ms', 'lognormal:30ms,0.8', '50ms'];
  for (const [seed, think] of thinks.entries()) {
    it(`are those that made it, within a tenth: pauses of ${think}`, async () => {
      const made = {
        ...CACHE_LOAD,
        clients: 12,
        durationNs: 60 * SECOND,
        hitRate: 0.7,
        putShare: 0.2,
        artifacts: 4000,
        artifactBytes: 900,
        seed,
      };
      const load = await loadOf(recordingOf(made, think, 5 * MS), made.durationNs);
      const { scenario, notes } = fitClients('like it', load);
      const { clients, hitRate, putShare, artifactBytes } = scenario.load;
      assert.equal(clients, 12);
      near(hitRate, 0.7, 'hit rate');
      near(putShare, 0.2, 'put share');
      near(artifactBytes, 900, 'bytes');
      const [kind, numbers] = [/^[a-z]*/, /[\d.]+/g].map((part) => scenario.pace.thinkText.match(part));
      assert.equal(kind?.[0], think.match(/^[a-z]*/)?.[0], scenario.pace.thinkText);
      for (const [i, wanted] of (think.match(/[\d.]+/g) ?? []).entries())
        near(Number(numbers?.[i]), Number(wanted), scenario.pace.thinkText);
      assert.match(notes.join('\n'), /12 sessions were there, 12 at one time/);

      const again = readClientScenario(clientsToml(scenario), 'fitted.toml');
      assert.deepEqual([again.load, again.pace], [scenario.load, scenario.pace]);
      const distances = await distancesOfClients(scenario, 1, { name: 'a', measures: load.measures });
      assert.ok((distances.op_mix_distance ?? 1) < 0.03, `${distances.op_mix_distance}`);
      assert.ok((distances.request_size?.ks ?? 1) < 0.1, JSON.stringify(distances.request_size));
    });
  }

  it('say what nothing told, and have nothing of the content in them', async () => {
    const secret = 'swordfish';
    const records = Array.from({ length: 100 }, (_, n) => ({
      ...emptyRecord(),
      session: `${secret}-${n % 3}`,
      op: n % 5 === 4 ? 'stats' : 'get',
      path: `/cache/${secret}${n}`,
      startNs: n * 10 * MS,
    }));
    const { scenario, notes } = fitClients('x', await loadOf(records, SECOND));
    assert.doesNotMatch(clientsToml(scenario), /swordfish/);
    assert.match(clientsToml(scenario), /^requests = inf$/m, 'they go on for as long as the recording');
    const told = notes.join('\n');
    assert.match(told, /no answer tells whether a lookup hit: hit_rate is 0.75/);
    assert.match(told, /nothing was stored/);
    assert.match(told, /not all answers have a duration/);
    assert.match(told, /20.0 % of the operations neither look up nor store/);
    const puts = records.map((record) => ({ ...record, op: 'put' }));
    const stored = await loadOf(puts, SECOND);
    assert.throws(() => fitClients('x', stored), {
      code: 'unsupported',
      message: /nothing of it looks an artifact up/,
    });
    const few = await loadOf(records.slice(0, 5), SECOND);
    assert.throws(() => fitClients('x', few), { code: 'empty' });
  });
});
