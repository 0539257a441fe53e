import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHistogram } from '../../../src/results/histogram/hdr-library.ts';
import { Histogram } from '../../../src/results/histogram/histogram.ts';
import { OpWindows } from '../../../src/results/tally/op-windows.ts';
import fc, { runs } from '../../support/fast-check.ts';

const SECOND = 1e9;
const MS = 1e6;

interface Done {
  readonly op: string;
  readonly dueNs: number;
  readonly responseNs: number;
  readonly failed: boolean;
  readonly shard: number;
}

const done: fc.Arbitrary<Done> = fc.record({
  op: fc.constantFrom('store', 'recall', '', 'overall'),
  dueNs: fc.integer({ min: 0, max: 9000 }).map((s) => s * SECOND),
  responseNs: fc.integer({ min: 1, max: 5000 }).map((ms) => ms * MS),
  failed: fc.boolean(),
  shard: fc.nat({ max: 2 }),
});

const asRead = (windows: OpWindows): unknown =>
  windows
    .entries()
    .map(([key, list]) => [
      key,
      list.map(({ startS, widthS, ops, errors, response }) => [
        startS,
        widthS,
        ops,
        errors,
        response.encode(),
      ]),
    ]);

test('windows of ops drained by several shards at any time are those of one, to the byte', () => {
  fc.assert(
    fc.property(fc.array(done, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (all, every) => {
      const one = new OpWindows();
      const sum = new OpWindows();
      const shards = [new OpWindows(), new OpWindows(), new OpWindows()];
      const drain = () => {
        for (const [i, shard] of shards.entries()) sum.addPart(shard.drain(), i);
      };
      for (const [i, { op, dueNs, responseNs, failed, shard }] of all.entries()) {
        one.onDone(op, dueNs, responseNs, failed);
        shards[shard]?.onDone(op, dueNs, responseNs, failed);
        if (i % every === 0) drain();
      }
      drain();
      assert.deepEqual(asRead(sum), asRead(one));
    }),
    { numRuns: runs(100) },
  );
});

test('six of them add up to the minute', () => {
  const windows = new OpWindows();
  const minute = new Histogram({ digits: 2 });
  for (let i = 0; i < 600; i += 1) {
    windows.onDone('recall', i * 0.1 * SECOND, (i + 1) * MS, false);
    minute.record((i + 1) * MS);
  }
  const [[key, list] = ['', []]] = windows.entries();
  assert.equal(key, 'recall');
  assert.deepEqual(
    list.map(({ startS, ops }) => [startS, ops]),
    [0, 10, 20, 30, 40, 50].map((s) => [s, 100]),
  );
  const sum = new Histogram({ digits: 2 });
  for (const { response } of list) sum.add(response);
  assert.equal(sum.encode(), minute.encode());
  assert.equal(decodeHistogram(sum.encode()).count, 600);
});

test('of more than eight ops there are none, whichever shard met the ninth', () => {
  const [first, second, sum] = [new OpWindows(), new OpWindows(), new OpWindows()];
  for (let op = 0; op < 6; op += 1) first.onDone(`a${op}`, 0, MS, false);
  for (let op = 0; op < 3; op += 1) second.onDone(`b${op}`, 0, MS, false);
  sum.addPart(first.drain(), 0);
  assert.equal(sum.entries().length, 6);
  sum.addPart(second.drain(), 1);
  assert.deepEqual(sum.entries(), []);
  first.onDone('b0', 0, MS, false);
  sum.addPart(first.drain(), 0);
  assert.deepEqual(sum.entries(), [], 'and none come back');
});
