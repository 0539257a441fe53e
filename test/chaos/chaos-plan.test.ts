import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChaosPlan, chaosEvents, chaosPlanned } from '../../src/chaos/chaos-plan.ts';
import { CHAOS_KINDS } from '../../src/workload/scenario/chaos-spec.ts';

const RATES = { stalled_connections: 5, aborted_requests: 20, malformed_requests: 0, slow_readers: 1 };
const PLAN_SECS = 600;
const PLAN_NS = PLAN_SECS * 1e9;

function planWith(over: Partial<ChaosPlan> = {}, rates: Partial<typeof RATES> = {}): ChaosPlan {
  const spec = { ratesPerSec: { ...RATES, ...rates }, holdNs: 1e9, mostConnections: 10 };
  return { spec, seed: 7, durationNs: PLAN_NS, ...over };
}

test('each kind comes by chance at its rate, in the order of time and inside of the run', () => {
  const events = [...chaosEvents(planWith())];
  assert.ok(events.every(({ atNs }, i) => atNs >= (events[i - 1]?.atNs ?? 0) && atNs < PLAN_NS));
  for (const kind of CHAOS_KINDS) {
    const expected = RATES[kind] * PLAN_SECS;
    const own = events.filter((event) => event.kind === kind);
    assert.ok(Math.abs(own.length - expected) <= 5 * Math.sqrt(expected), `${kind}: ${own.length}`);
    assert.ok(own.every(({ number }, i) => number === i));
  }
  const times = events.filter(({ kind }) => kind === 'aborted_requests').map(({ atNs }) => atNs);
  const short = times.filter((atNs, i) => atNs - (times[i - 1] ?? 0) < 0.05e9).length;
  // Of exponential gaps, 1 - 1/e are shorter than their mean.
  assert.ok(Math.abs(short / times.length - 0.632) < 0.02, `${short / times.length}`);
});

test('the same seed makes the same plan, another seed another, and no kind moves the others', () => {
  const { digest, counts } = chaosPlanned(planWith(), undefined);
  assert.deepEqual(chaosPlanned(planWith(), undefined), { digest, counts });
  assert.notEqual(chaosPlanned(planWith({ seed: 8 }), undefined).digest, digest);
  const timesOf = (plan: ChaosPlan) =>
    [...chaosEvents(plan)].filter(({ kind }) => kind === 'slow_readers').map(({ atNs }) => atNs);
  assert.deepEqual(timesOf(planWith({}, { aborted_requests: 0 })), timesOf(planWith()));
});

test('shards share the events out, and know one digest', () => {
  const whole = chaosPlanned(planWith(), undefined);
  const parts = [0, 1, 2].map((index) => chaosPlanned(planWith(), { index, of: 3 }));
  for (const kind of CHAOS_KINDS) {
    const sum = parts.reduce((so, { counts }) => so + (counts[kind] ?? 0), 0);
    assert.equal(sum, whole.counts[kind]);
  }
  assert.ok(parts.every(({ digest }) => digest === whole.digest));
});
