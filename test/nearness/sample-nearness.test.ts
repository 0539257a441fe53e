import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleNearness } from '../../src/nearness/sample-nearness.ts';
import { createSessionSample } from '../../src/transforms/session-sample.ts';
import { makeRecord } from '../support/make-record.ts';

test('a sample of sessions is near in mix and scaled gaps, and far where one kind of session is gone', () => {
  const takes = createSessionSample(0.25, 1);
  const [fair, unfair] = [new SampleNearness(0.25), new SampleNearness(0.5)];
  for (let n = 0; n < 20_000; n += 1) {
    const op = n % 2 === 0 ? 'recall' : 'remember';
    // Four sessions of each thousand operations by turns, evenly in time.
    const record = makeRecord(n * 1e6, { session: `s${(n * 7919) % 4000}`, op });
    fair.add(record, takes(record.session));
    unfair.add(record, op === 'recall');
  }
  const near = fair.distances;
  assert.ok((near.op_mix_distance as number) < 0.03, `${near.op_mix_distance}`);
  // What was even is by chance now: gaps tell that, W1 of an exponential from its mean is 2/e of it.
  assert.ok(Math.abs((near.gaps?.w1_over_mean as number) - 2 / Math.E) < 0.15, JSON.stringify(near.gaps));
  const far = unfair.distances;
  assert.equal(far.op_mix_distance, 0.5);
  assert.ok((far.gaps?.ks as number) < 0.01 && far.b.records === 10_000, JSON.stringify(far.gaps));
  assert.match(
    unfair.lines.join('\n'),
    /gaps are multiplied by 0.5.*\n {2}gaps .*\n {2}dispersion .*\n {2}op mix +50.0 %/,
  );
});
