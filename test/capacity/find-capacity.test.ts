import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CapacityDocument } from '../../src/capacity/capacity-document.ts';
import { type CapacityWorld, findCapacity } from '../../src/capacity/find-capacity.ts';
import { newCapacityDocument } from '../../src/capacity/new-capacity-document.ts';
import { resumeCapacity } from '../../src/capacity/resume-capacity.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { documentOf, MS, type Told } from '../results/support.ts';
import { compiledSchema } from '../support/compiled-schema.ts';

const check = compiledSchema('capacity-v1.schema.json');
const WANTED = { limits: [{ holds: 'latency.overall.p95 < 20ms' }], failIf: ['error_rate > 1%'] };

/** A queue that serves one operation in a millisecond, at even arrivals with a little of chance in their times. */
function runAt(load: number, serviceMs: number): ResultsDocument {
  let freeNs = 0;
  const dues = Array.from({ length: 600 }, (_, i) =>
    Math.round(((i + ((i * 7919) % 100) / 10) * 1e9) / load),
  );
  const told = dues
    .sort((a, b) => a - b)
    .map((dueNs): Told => {
      freeNs = Math.max(freeNs, dueNs) + serviceMs * MS;
      return { dueNs, sentNs: dueNs, doneNs: freeNs };
    });
  return documentOf(told);
}

function begunAt(more: Partial<CapacityDocument['searched']> = {}): CapacityDocument {
  return newCapacityDocument(
    {
      ...{
        digest: 'a'.repeat(64),
        source: 'scenario',
        name: 'mine',
        by: 'rate',
        unit: 'operations a second',
      },
      ...{ probe_duration_secs: 1, seed: 1, from: 100, least: 1, most: null, within: 0.05 },
      ...{ max_probes: 25, loads: null, ...more },
    },
    {
      tool: { name: 'engram-trace', version: '0.0.0' },
      timestamp: '2026-01-01T00:00:00.000Z',
      targets: [{ http: 'http://memory:7432', grpc: null }],
      limits: ['latency.overall.p95 < 20ms', 'error_rate <= 1%'],
    },
  );
}

function world(play: (load: number) => ResultsDocument, more: Partial<CapacityWorld> = {}) {
  const told: string[] = [];
  const saved: CapacityDocument[] = [];
  const made: CapacityWorld = {
    play: async (load) => {
      told.push(`play ${load}`);
      return play(load);
    },
    pause: async () => void told.push('pause'),
    save: async (document) => void saved.push(structuredClone(document)),
    keep: async (_, number) => `probe-${number}.json`,
    isStopped: () => false,
    ...more,
  };
  return { told, saved, world: made };
}

describe('the search for a capacity, run by run', () => {
  it('rests between runs, keeps each one, and gives a document that the schema takes', async () => {
    const { told, saved, world: here } = world((load) => runAt(load, 1));
    const document = await findCapacity(begunAt(), WANTED, here);
    check(JSON.parse(JSON.stringify(document)));
    const { answer, probes, status } = document;
    assert.equal(status, 'complete');
    assert.ok(['smooth', 'cliff'].includes(answer.boundary_type), answer.boundary_type);
    assert.ok((answer.held ?? 0) > 700 && (answer.breached ?? 0) < 1400, JSON.stringify(answer));
    assert.equal(answer.binding_limit, 'latency.overall.p95 < 20ms');
    assert.equal(answer.limited_by, 'server');
    assert.deepEqual(told.slice(0, 3), ['play 100', 'pause', 'play 200']);
    assert.equal(told.filter((each) => each === 'pause').length, probes.length - 1);
    assert.equal(probes[0]?.results, 'probe-1.json');
    assert.ok(Math.abs((probes[0]?.mean_in_flight ?? 0) - 0.1) < 0.02, `${probes[0]?.mean_in_flight}`);
    assert.equal(answer.knee === null, false, 'latency bends at the rate of service');
    assert.equal(saved.length, probes.length);
    for (const each of saved) check(JSON.parse(JSON.stringify(each)));
    assert.deepEqual(saved[0]?.status, 'interrupted');
  });

  it('goes on from what is there, and runs nothing twice', async () => {
    let asked = 0;
    const isStopped = (): boolean => {
      asked += 1;
      return asked > 12;
    };
    const stopping = world((load) => runAt(load, 1), { isStopped });
    const cut = await findCapacity(begunAt(), WANTED, stopping.world);
    assert.equal(cut.status, 'interrupted');
    assert.ok(cut.probes.length > 2);
    const again = world((load) => runAt(load, 1));
    const resumed = resumeCapacity(begunAt(), JSON.parse(JSON.stringify(cut)), 'capacity.json');
    const whole = await findCapacity(resumed, WANTED, again.world);
    const once = await findCapacity(begunAt(), WANTED, world((load) => runAt(load, 1)).world);
    assert.deepEqual(whole.answer, once.answer);
    assert.deepEqual(whole.probes, once.probes);
    const played = again.told.filter((each) => each.startsWith('play')).length;
    assert.equal(played, once.probes.length - cut.probes.length);
    const other = begunAt({ digest: 'b'.repeat(64) });
    assert.throws(() => resumeCapacity(other, cut, 'capacity.json'), /different now/);
    assert.throws(() => resumeCapacity(other, { kind: 'suite' }, 'capacity.json'), /no document of a search/);
  });

  it('leaves a run that was cut off out of everything', async () => {
    let plays = 0;
    const { saved, world: here } = world(
      (load) => {
        plays += 1;
        const document = runAt(load, 1);
        if (plays < 3) return document;
        return { ...document, summary: { ...document.summary, stop: 'interrupted' } };
      },
      { isStopped: () => plays >= 3 },
    );
    const { probes, status, answer } = await findCapacity(begunAt(), WANTED, here);
    assert.deepEqual([probes.length, saved.length, status], [2, 2, 'interrupted']);
    assert.deepEqual([answer.boundary_type, answer.held], ['unknown', 200]);
  });

  it('runs a list of loads once each, and its interval is no narrower than their gaps', async () => {
    const { told, world: here } = world((load) => runAt(load, 1));
    const loads = [500, 800, 1100, 1400];
    const { answer, probes } = await findCapacity(begunAt({ loads, most: 1400 }), WANTED, here);
    assert.deepEqual(
      told.filter((each) => each.startsWith('play')),
      loads.map((load) => `play ${load}`),
    );
    assert.equal(probes.length, 4);
    assert.equal(answer.boundary_type, 'smooth');
    assert.ok((answer.low ?? 0) <= (answer.held ?? 0) && (answer.high ?? 0) >= (answer.breached ?? 0));
    assert.ok(Math.abs((answer.safe_load ?? 0) / (answer.capacity ?? 1) - 0.7) < 1e-9);
    const low = await findCapacity(begunAt({ loads: [100, 200], most: 200 }), WANTED, here);
    assert.deepEqual([low.answer.boundary_type, low.answer.limited_by], ['not_reached', 'range']);
    const high = await findCapacity(begunAt({ loads: [3000, 4000], most: 4000 }), WANTED, here);
    assert.deepEqual([high.answer.boundary_type, high.answer.safe_load], ['never_held', null]);
  });

  it('calls the end of what this machine sends no limit of the server', async () => {
    const generator = { carries: 500, most: 400, bounds: true };
    const begun = { ...begunAt({ most: 400 }), generator };
    const { answer } = await findCapacity(begun, WANTED, world((load) => runAt(load, 1)).world);
    assert.deepEqual(
      [answer.boundary_type, answer.limited_by, answer.held, answer.capacity],
      ['not_reached', 'generator', 400, null],
    );
    const late = world((load) => {
      const document = runAt(load * 20, 1);
      const reasons = [{ code: 'generator_late_p99', message: 'late', observed: null, limit: null }];
      return { ...document, fidelity: { ...document.fidelity, verdict: 'degraded', reasons } };
    });
    const unknown = await findCapacity(begunAt(), WANTED, late.world);
    assert.deepEqual([unknown.answer.boundary_type, unknown.answer.limited_by], ['unknown', 'generator']);
    const swept = { ...begunAt({ most: 400, loads: [200, 400, 800] }), generator };
    const sweep = await findCapacity(swept, WANTED, world((load) => runAt(load, 1)).world);
    assert.deepEqual([sweep.probes.length, sweep.answer.limited_by], [2, 'generator']);
    const beyond = { ...begunAt({ most: 400, loads: [500, 800] }), generator };
    const none = await findCapacity(beyond, WANTED, world((load) => runAt(load, 1)).world);
    assert.deepEqual(
      [none.probes.length, none.answer.boundary_type, none.answer.limited_by],
      [0, 'unknown', 'generator'],
    );
  });

  it('shows of a search that is cut off what held below the lowest load that did not', async () => {
    const slowAt = new Map([[800, 30]]);
    const { saved, world: here } = world((load) => runAt(load, slowAt.get(load) ?? 0.5));
    const loads = [400, 800, 1000];
    await findCapacity(begunAt({ loads, most: 1000 }), WANTED, here);
    const { held, breached, is_monotone } = saved.at(-1)?.answer ?? {};
    assert.deepEqual([held, breached, is_monotone], [400, 800, false]);
  });
});
