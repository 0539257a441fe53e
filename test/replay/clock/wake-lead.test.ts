import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WakeLead } from '../../../src/replay/clock/wake-lead.ts';
import { seededRandom } from '../../support/replay-harness.ts';

function leadAfter(latenessNs: () => number, rings = 5000): number {
  const lead = new WakeLead();
  for (let ring = 0; ring < rings; ring += 1) lead.note(latenessNs());
  return lead.ns;
}

test('wake lead: most wake-ups of a machine are in time with it, and it is hardly longer than that takes', () => {
  for (const middleNs of [40_000, 90_000, 150_000, 350_000]) {
    const random = seededRandom(3);
    const latenessNs = (): number => middleNs * (0.5 + random());
    const leadNs = leadAfter(latenessNs);
    const late = Array.from({ length: 5000 }, latenessNs).filter((ns) => ns > leadNs).length;
    assert.ok(late > 0 && late < 1500, `${late} of 5000 later than ${leadNs} ns`);
    assert.ok(leadNs < 1.5 * middleNs, `${leadNs}`);
  }
});

test('wake lead: what stood still for longer than any lead teaches it nothing', () => {
  const lead = new WakeLead();
  for (let ring = 0; ring < 2000; ring += 1) lead.note(30_000);
  const beforeNs = lead.ns;
  for (let ring = 0; ring < 2000; ring += 1) lead.note(5e6);
  assert.equal(lead.ns, beforeNs);
});

test('wake lead: it stays within bounds, however late or exact a machine is', () => {
  assert.equal(
    leadAfter(() => 0),
    20_000,
  );
  assert.equal(
    leadAfter(() => 600_000),
    600_000,
  );
});
