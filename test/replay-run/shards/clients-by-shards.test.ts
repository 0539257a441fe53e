import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openScriptOf } from '../../../src/replay-run/options/closed-loop.ts';
import { createResultsDocument } from '../../../src/results/create-results-document.ts';
import { ResultsRecorder } from '../../../src/results/tally/results-recorder.ts';
import { parseTimeDistribution } from '../../../src/time-distribution.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { CACHE_LOAD } from '../../../src/workload/clients/cache-load.ts';
import { type ClosedLoad, closedCacheLoad } from '../../../src/workload/clients/closed-cache-load.ts';
import { closedScenarioLoad } from '../../../src/workload/clients/closed-scenario-load.ts';
import { documentInput, validated } from '../../results/support.ts';
import fc from '../../support/fast-check.ts';
import { type Fate, MS, play, SECOND } from '../../support/replay-harness.ts';
import { scenarioWith } from '../../workload/support.ts';
import { playShared } from './in-process-shards.ts';

const TIMING = { timing: { kind: 'clients' as const }, headStartNs: 0 };
const TALLY = { timeScale: 1, isClosedLoop: true, sortsDues: true };

interface Given {
  kind: 'cache' | 'scenario';
  clients: number;
  requests: number;
  rampUpNs: number;
  durationNs: number;
  think: string;
}

function loadOf({ kind, clients, requests, rampUpNs, durationNs, think }: Given): ClosedLoad {
  const pace = { think: parseTimeDistribution(think, 'think'), thinkText: think, rampUpNs };
  if (kind === 'cache')
    return closedCacheLoad(
      { ...CACHE_LOAD, clients, requests, durationNs, artifacts: 7, artifactBytes: 32 },
      pace,
    );
  const scenario = scenarioWith({ durationNs, protocol: 'mixed' }, { dimension: 4, nodes: 20 });
  return closedScenarioLoad({ scenario, seed: 3 }, { clients, requests, pace });
}

/** An answer that is a function of the request. */
function fateOf({ path, body }: TraceRecord): Fate {
  const sum = path.length * 31 + body.length * 7 + path.charCodeAt(path.length - 1) + (body[9] ?? 0);
  return { kind: 'answer', afterNs: (1 + (sum % 17)) * MS + (sum % 1000), ok: sum % 13 !== 0 };
}

const shown = ({ method, path, body }: TraceRecord): string =>
  `${method} ${path} ${Buffer.from(body).toString('base64')}`;

function bySession(sends: readonly { record: TraceRecord }[]): Map<string, string[]> {
  const sessions = new Map<string, string[]>();
  for (const { record } of sends)
    sessions.set(record.session, [...(sessions.get(record.session) ?? []), shown(record)]);
  return new Map([...sessions].sort());
}

describe('clients played by several shards', () => {
  const given: fc.Arbitrary<Given> = fc.record({
    kind: fc.constantFrom('cache', 'scenario'),
    clients: fc.integer({ min: 1, max: 12 }),
    requests: fc.integer({ min: 1, max: 12 }),
    rampUpNs: fc.constantFrom(0, 50 * MS, 3 * SECOND),
    durationNs: fc.constantFrom(0.2 * SECOND, 60 * SECOND),
    think: fc.constantFrom('0', '5ms', 'exp:10ms'),
  });

  it('send what one sends, byte for byte, make its counts, and never have more in flight than clients', async () => {
    await fc.assert(
      fc.asyncProperty(given, fc.integer({ min: 2, max: 4 }), async (load, shards) => {
        const { trace, closedLoop } = loadOf(load);
        const { script, durationNs } = closedLoop;
        const recorder = new ResultsRecorder(TALLY);
        const clients = await openScriptOf(script);
        const options = { ...TIMING, maxInFlight: load.clients };
        const batches = () => trace.records();
        const alone = await play([], { ...options, fateOf, batches, clients, deps: {} });
        for (const settled of alone.settled) {
          if (settled.sentNs !== undefined) recorder.onSent(settled, 1);
          recorder.onSettled(settled, settled.disposition, 1);
        }
        const numbers = new Set<number>();
        const {
          end,
          sends,
          mostOpen,
          recorder: whole,
        } = await playShared([], {
          ...options,
          shards,
          fateOf,
          batches,
          clients: { script, durationNs },
          tally: TALLY,
          onRow: (number) => {
            assert.ok(!numbers.has(number), `operation ${number} has one row`);
            numbers.add(number);
          },
        });
        assert.deepEqual(end.accounting, alone.end.accounting);
        assert.deepEqual([end.stop, end.planComplete], ['end', true]);
        assert.deepEqual(bySession(sends.flat()), bySession(alone.transport.sends));
        const offsets = (all: readonly { atNs: number }[], startNs = 0) =>
          all.map(({ atNs }) => atNs - startNs).sort((a, b) => a - b);
        assert.deepEqual(
          offsets(sends.flat(), end.startNs),
          offsets(alone.transport.sends, alone.end.startNs),
        );
        assert.ok(mostOpen.reduce((sum, open) => sum + open, 0) <= load.clients, String(mostOpen));
        assert.equal(numbers.size, end.accounting.planned);
        const documents = [
          { recorder: whole, end },
          { recorder, end: alone.end },
        ].map((own) => validated(createResultsDocument({ ...documentInput(), ...own })));
        const [one, other] = documents.map(({ operations, latency, service_latency, errors }) => ({
          operations,
          latency,
          service_latency,
          errors: errors
            .map(({ code, op, count }) => ({ code, op, count }))
            .sort((a, b) => b.count - a.count),
        }));
        assert.deepEqual(one, other);
      }),
      { numRuns: 15 },
    );
  });

  it('end on an interrupt, with everything accounted for', async () => {
    const { trace, closedLoop } = loadOf({
      kind: 'scenario',
      clients: 9,
      requests: Infinity,
      rampUpNs: 0,
      durationNs: 3600 * SECOND,
      think: '1ms',
    });
    const controller = new AbortController();
    const { end } = await playShared([], {
      ...TIMING,
      shards: 3,
      fateOf,
      batches: () => trace.records(),
      clients: closedLoop,
      signal: controller.signal,
      meanwhile: (clock) => void clock.at(clock.nowNs() + SECOND, () => controller.abort()),
    });
    const { planned, ok, errors, unsent } = end.accounting;
    assert.deepEqual([end.stop, end.planComplete], ['interrupted', false]);
    assert.ok(ok > 100 && unsent <= 9, `${ok} ${unsent}`);
    assert.equal(planned, ok + errors + unsent);
  });

  it('stop where a shard dies, and count what it told', async () => {
    const { trace, closedLoop } = loadOf({
      kind: 'cache',
      clients: 9,
      requests: Infinity,
      rampUpNs: 0,
      durationNs: 3600 * SECOND,
      think: '1ms',
    });
    const { end } = await playShared([], {
      ...TIMING,
      shards: 3,
      fateOf,
      batches: () => trace.records(),
      clients: closedLoop,
      meanwhile: (clock, shards) => void clock.at(clock.nowNs() + SECOND, () => shards.die(1, 'shot')),
    });
    assert.equal(end.stop, 'sender_died');
    const { planned, sent, unsent } = end.accounting;
    assert.ok(planned > 100 && planned === sent + unsent, JSON.stringify(end.accounting));
  });
});
