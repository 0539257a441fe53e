import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openScriptOf } from '../../../src/replay-run/options/closed-loop.ts';
import { parseTimeDistribution } from '../../../src/time-distribution.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import type { ClientPace } from '../../../src/workload/clients/client-pace.ts';
import { mostPerSec } from '../../../src/workload/clients/client-pace.ts';
import { closedLimits, closedScenarioLoad } from '../../../src/workload/clients/closed-scenario-load.ts';
import type { Scenario } from '../../../src/workload/scenario/scenario.ts';
import { MS, play, SECOND } from '../../support/replay-harness.ts';
import { scenarioWith } from '../support.ts';

const SCENARIO = scenarioWith(
  {
    durationNs: 60 * SECOND,
    protocol: 'mixed',
    operations: { store: 4, recall: 3, embeddingSearch: 2, patternCompletion: 1 },
    limits: { p99LatencyMs: 10, throughputPerSec: 500, errorRate: 0.01 },
  },
  { spaces: 3, nodes: 100, dimension: 8 },
);
const paceOf = (think: string, rampUpNs = 0): ClientPace => ({
  think: parseTimeDistribution(think, 'think'),
  thinkText: think,
  rampUpNs,
});

/** Plays clients of a scenario; the answers of one take so much longer with its number. */
async function played(scenario: Scenario, clients: number, requests: number, pace: ClientPace, slower = 0) {
  const { trace, closedLoop } = closedScenarioLoad({ scenario, seed: 5 }, { clients, requests, pace });
  return play([], {
    timing: { kind: 'clients' },
    headStartNs: 0,
    maxInFlight: clients,
    clients: await openScriptOf(closedLoop.script),
    batches: () => trace.records(),
    fateOf: ({ session }) => ({
      kind: 'answer',
      afterNs: 2 * MS + slower * MS * Number(session.slice('client-'.length)),
      ok: true,
    }),
  });
}

function bySession(sends: readonly { record: TraceRecord }[]): Record<string, unknown[]> {
  const all: Record<string, unknown[]> = {};
  for (const { record } of sends) {
    const { op, space, protocol, path, body } = record;
    all[record.session] ??= [];
    all[record.session]?.push({ op, space, protocol, path, body: Buffer.from(body).toString('latin1') });
  }
  return all;
}

describe('clients that send a scenario', () => {
  it('send the same operations however fast the others are, and none that another sends', async () => {
    const even = await played(SCENARIO, 6, 30, paceOf('3ms'));
    const uneven = await played(SCENARIO, 6, 30, paceOf('3ms'), 40);
    const operations = bySession(even.transport.sends);
    assert.deepEqual(bySession(uneven.transport.sends), operations);
    assert.deepEqual(
      Object.values(operations).map((own) => own.length),
      new Array(6).fill(30),
    );
    const stored = even.transport.sends.filter(({ record }) => record.op === 'remember');
    assert.equal(
      new Set(stored.map(({ record }) => Buffer.from(record.body).toString())).size,
      stored.length,
    );
  });

  it('send its mix by its protocols', async () => {
    const { transport } = await played(SCENARIO, 20, 100, paceOf('0'));
    const share = (is: (record: TraceRecord) => boolean): number =>
      transport.sends.filter(({ record }) => is(record)).length / transport.sends.length;
    assert.ok(Math.abs(share(({ op }) => op === 'remember') - 0.4) < 0.04);
    assert.ok(Math.abs(share(({ op }) => op === 'search') - 0.2) < 0.04);
    assert.ok(Math.abs(share(({ protocol }) => protocol === 'grpc') - 0.45) < 0.04);
    assert.ok(share(({ space }) => space === 'space_1') > 0.2);
  });

  it('begin over the ramp-up and pause to the ns, never more in flight than clients, until the time is up', async () => {
    const scenario = { ...SCENARIO, durationNs: 2 * SECOND };
    const { settled, end, transport } = await played(scenario, 4, Infinity, paceOf('exp:15ms', 400 * MS), 30);
    const anchorNs = end.startNs ?? Number.NaN;
    assert.ok(transport.mostOpen <= 4 && end.maxInFlight <= 4);
    for (let number = 1; number <= 4; number++) {
      const mine = settled.filter(({ record }) => record.session === `client-${number}`);
      assert.equal((mine[0]?.sentNs ?? 0) - anchorNs, (number - 1) * 100 * MS);
      for (const [i, { dueNs, sentNs }] of mine.entries()) {
        assert.ok(dueNs >= (mine[i - 1]?.doneNs ?? 0) && dueNs < anchorNs + 2 * SECOND);
        assert.equal(sentNs, dueNs);
      }
    }
    assert.ok(settled.length > 50);
    assert.equal(end.accounting.unsent, 0);
  });

  it('are told with the command of their open loop, and what of the scenario is not used', () => {
    const given = { clients: 4, requests: 10, pace: paceOf('1ms') };
    const command = { named: 'my/load.toml', targetFlags: ' --endpoint http://server:1' };
    const outcome = { sentPerSec: 123.456, cacheHits: null, cacheMisses: null };
    const notesOf = (scenario: Scenario): string =>
      closedScenarioLoad({ scenario, seed: 5 }, given, command).closedLoop.notesOf(outcome).join('\n');
    const notes = notesOf(SCENARIO);
    assert.match(notes, /own arrivals \(\w+\) and its throughput limit \(500 a second\) are not used/);
    assert.match(
      notes,
      / engram-trace run --scenario my\/load\.toml --target-rate 123 --duration 60 --seed 5 --endpoint http:\/\/server:1$/,
    );
    const stages = [{ durationNs: SECOND, rate: 5 }];
    const staged = { ...SCENARIO, arrival: { pattern: 'steps' as const, startRate: 0, stages } };
    assert.doesNotMatch(notesOf(staged), /--target-rate/, 'stages refuse it');
    assert.deepEqual(closedLimits(SCENARIO.limits), { p99LatencyMs: 10, errorRate: 0.01 });
  });

  it('refuse what makes no sense', () => {
    for (const wrong of [{ clients: 0 }, { clients: 1e6 }, { requests: 0 }, { clients: Number.NaN }])
      assert.throws(
        () =>
          closedScenarioLoad(
            { scenario: SCENARIO, seed: 1 },
            { clients: 2, requests: 5, pace: paceOf('0'), ...wrong },
          ),
        { code: 'usage' },
      );
  });

  it('say how much they can send at most, from which the number of threads follows', () => {
    assert.ok(mostPerSec(paceOf('10ms'), 50) < 5_000);
    assert.ok(mostPerSec(paceOf('exp:1s'), 50) < 50);
    assert.ok(mostPerSec(paceOf('0'), 500) > 1_000_000);
  });
});
