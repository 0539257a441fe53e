import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ArrivalCollector } from '../../../src/results/arrivals/arrival-collector.ts';
import { ArrivalMerge } from '../../../src/results/arrivals/arrival-merge.ts';
import { makeOperation } from '../../replay-log/support.ts';

it('arrivals of shards: what a shard that died had not come to tell is in the plan all the same', () => {
  const collector = new ArrivalCollector();
  // Operation 0 waits for its session; the two behind it have left.
  for (const sequence of [1, 2]) collector.onSent(makeOperation(sequence));
  const merge = new ArrivalMerge(2);
  const batch = structuredClone(collector.take(2e9));
  assert.deepEqual([batch.next, batch.dueNs.length], [0, 0]);
  merge.add(batch, 0);
  merge.end(0, Float64Array.of(makeOperation(1).dueNs, makeOperation(2).dueNs));
  merge.end(1);
  assert.deepEqual([merge.sent.count, merge.planned.count, merge.missing], [2, 2, 0]);
  assert.equal(merge.planned.spanNs, 1e6);
});

it('arrivals of shards: due times in no order are sorted over all shards, and none waits in a shard', () => {
  const merge = new ArrivalMerge(2, true);
  for (const [shard, sequences] of [
    [3, 1],
    [2, 0],
  ].entries()) {
    const collector = new ArrivalCollector(true);
    sequences.forEach((sequence, i) => {
      collector.onSent(makeOperation(sequence, { sentNs: 5e9 + i }));
    });
    const batch = collector.take(6e9);
    assert.equal(batch.dueNs.length, 2);
    merge.add(batch, shard);
    merge.end(shard);
  }
  assert.deepEqual([merge.planned.count, merge.missing], [4, 0]);
  assert.equal(merge.planned.gaps.maxNs, 1e6);
});
