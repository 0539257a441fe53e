import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ArrivalCollector } from '../../src/results/arrival-collector.ts';
import { ArrivalMerge } from '../../src/results/arrival-merge.ts';
import { makeOperation } from '../replay-log/support.ts';

it('arrivals of shards: what one that died had sent before its turn in the plan is in the plan all the same', () => {
  const collector = new ArrivalCollector();
  // Operation 0 waits for its session; the two behind it have left.
  for (const sequence of [1, 2]) collector.onSent(makeOperation(sequence));
  const merge = new ArrivalMerge(2);
  merge.add(structuredClone(collector.take(2e9)), 0);
  assert.equal(merge.planned.count, 0);
  merge.end(0);
  merge.end(1);
  assert.deepEqual([merge.sent.count, merge.planned.count], [2, 2]);
  assert.equal(merge.planned.spanNs, 1e6);
});

it('arrivals of shards: what waited is told once where the shard lives on', () => {
  const collector = new ArrivalCollector();
  collector.onSent(makeOperation(1));
  const merge = new ArrivalMerge(1);
  merge.add(structuredClone(collector.take(2e9)), 0);
  collector.onSent(makeOperation(0));
  merge.add(structuredClone(collector.takeLast()), 0);
  merge.end(0);
  assert.deepEqual([merge.sent.count + merge.missing, merge.planned.count], [2, 2]);
});
