import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import type { FilterConditions } from '../../src/transforms/record-filter.ts';
import { WatchedFilter } from '../../src/transforms/watched-filter.ts';

const RECORDS = ['recall', 'recall', 'remember'].map((op, i) => ({
  ...emptyRecord(),
  op,
  space: i === 0 ? 'tenant-1' : 'default',
  path: `/api/${op}`,
  outcome: { ...unknownOutcome(), ok: true, status: op === 'remember' ? undefined : 200 },
}));

function watched(conditions: FilterConditions, countsAll?: boolean) {
  const filter = new WatchedFilter(conditions, countsAll);
  const kept = RECORDS.filter(filter.keep).length;
  return { kept, unmet: filter.unmet.map(({ value }) => value), filter };
}

test('a watched filter names the values that no record met, among those that are met', () => {
  const { kept, unmet, filter } = watched({
    ops: ['recall', 'recal', 'rem*', 'x*'],
    spaces: ['default', 'tenant'],
  });
  assert.equal(kept, 2);
  assert.deepEqual(unmet, ['recal', 'x*', 'tenant']);
  const [op, , space] = filter.unmet;
  assert.deepEqual([...(op?.names.names ?? [])], ['recall', 'remember']);
  assert.deepEqual([...(space?.names.names ?? [])], ['tenant-1', 'default']);
});

test('a watched filter that selects what the conditions do not still names what is unknown', () => {
  const { kept, unmet } = watched({ ops: ['recal'], invert: true });
  assert.deepEqual([kept, unmet], [3, ['recal']]);
  assert.deepEqual(watched({ paths: ['/api/*'] }).unmet, []);
});

test('a watched filter counts ops where nothing is kept, and those of unknown outcome', () => {
  const none = watched({ ops: ['x'] });
  assert.equal(none.filter.ops.text(), 'recall (2), remember (1)');
  assert.equal(watched({ ops: ['recall'] }).filter.ops.text(), 'recall (1)');
  assert.equal(watched({}, true).filter.ops.text(), 'recall (2), remember (1)');
  assert.equal(watched({ ok: true }).filter.unknownOutcomes, 1);
  assert.equal(watched({ ok: true, ops: ['recall'] }).filter.unknownOutcomes, 0);
});
