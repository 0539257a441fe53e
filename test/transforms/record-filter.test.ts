import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRecord, type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { createRecordFilter, type FilterConditions } from '../../src/transforms/record-filter.ts';
import fc from '../support/fast-check.ts';

const OPS = ['recall', 'remember', 'GET /a/:id'];
const SPACES = ['', 'default', 'tenant-1'];

function record(
  changes: Partial<TraceRecord> & { status?: number | undefined; ok?: boolean } = {},
): TraceRecord {
  const { status = 200, ok = true, ...rest } = changes;
  return {
    ...emptyRecord(),
    durationNs: 5e6,
    session: 'c1',
    op: 'recall',
    space: 'default',
    method: 'GET',
    path: '/api/v1/memories/recall?embedding=1/2',
    outcome: { ...unknownOutcome(), ok, status: 'status' in changes ? changes.status : status },
    ...rest,
  };
}

function selects(conditions: FilterConditions, changes: Parameters<typeof record>[0]): boolean {
  return createRecordFilter(conditions)(record(changes));
}

test('without conditions everything is selected, inverted nothing', () => {
  assert.equal(selects({}, {}), true);
  assert.equal(selects({ invert: true }, {}), false);
  assert.equal(selects({ ops: [] }, {}), true);
});

test('values of one condition are alternatives, conditions must all hold', () => {
  assert.equal(selects({ ops: ['remember', 'recall'] }, {}), true);
  assert.equal(selects({ ops: ['remember'] }, {}), false);
  assert.equal(selects({ ops: ['recall'], spaces: ['tenant-1'] }, {}), false);
  assert.equal(selects({ ops: ['rem*'] }, { op: 'remember_episode' }), true);
  assert.equal(selects({ ops: ['GET *'] }, { op: 'GET /a/:id' }), true);
  assert.equal(selects({ spaces: [''] }, { space: '' }), true);
  assert.equal(selects({ methods: ['get'] }, {}), true);
});

test('paths are globs over the path without its query', () => {
  assert.equal(selects({ paths: ['/api/v1/memories/recall'] }, {}), true);
  assert.equal(selects({ paths: ['/api/*/memories/*'] }, {}), true);
  assert.equal(selects({ paths: ['/api/*'] }, {}), false);
  assert.equal(selects({ paths: ['/api/**'] }, {}), true);
  assert.equal(selects({ paths: ['**/reca??'] }, {}), true);
  assert.equal(selects({ paths: ['/api/*/recall'] }, {}), false);
});

test('statuses: numbers, classes, ranges, gRPC names, none', () => {
  const table: [string, number | undefined, boolean][] = [
    ['200', 200, true],
    ['5xx', 503, true],
    ['5xx', 499, false],
    ['400-499', 404, true],
    ['400-499', 500, false],
    ['14', 14, true],
    ['unavailable', 14, true],
    ['OK', 0, true],
    ['1-16', 0, false],
    ['none', undefined, true],
    ['none', 200, false],
    ['200', undefined, false],
  ];
  for (const [text, status, expected] of table) {
    assert.equal(selects({ statuses: [text] }, { status }), expected, `${text} on ${status}`);
  }
  for (const bad of ['', '0xx', '500-400', '2000', 'NOPE', '-1', '700', '9xx', '17', '500-999', '5-200']) {
    assert.throws(() => createRecordFilter({ statuses: [bad] }), { code: 'usage' }, bad);
  }
});

test('latency bounds are exact, and a record without a duration lies in none', () => {
  assert.equal(selects({ latencies: [{ aboveNs: 5e6 }] }, {}), false);
  assert.equal(selects({ latencies: [{ atLeastNs: 5e6 }] }, {}), true);
  assert.equal(selects({ latencies: [{ belowNs: 5e6 }] }, {}), false);
  assert.equal(selects({ latencies: [{ atMostNs: 5e6 }] }, {}), true);
  assert.equal(selects({ latencies: [{ aboveNs: 9e6 }, { belowNs: 6e6 }] }, {}), true);
  assert.equal(selects({ latencies: [{ atLeastNs: 0 }] }, { durationNs: undefined }), false);
});

test('the window includes its start and excludes its end', () => {
  const inWindow = [9, 10, 19, 20].map((startNs) => selects({ fromNs: 10, toNs: 20 }, { startNs }));
  assert.deepEqual(inWindow, [false, true, true, false]);
});

const conditions: fc.Arbitrary<FilterConditions> = fc.record(
  {
    ops: fc.array(fc.constantFrom('re*', ...OPS), { maxLength: 2 }),
    spaces: fc.array(fc.constantFrom(...SPACES), { maxLength: 2 }),
    sessions: fc.array(fc.constantFrom('c1', 'c2'), { maxLength: 2 }),
    statuses: fc.array(fc.constantFrom('200', '5xx', 'none'), { maxLength: 2 }),
    paths: fc.array(fc.constantFrom('/**', '/a/*', '/a/b'), { maxLength: 2 }),
    ok: fc.boolean(),
    latencies: fc.array(fc.record({ aboveNs: fc.nat(100) }), { maxLength: 2 }),
    fromNs: fc.nat(100),
    toNs: fc.nat(100),
    invert: fc.boolean(),
  },
  { requiredKeys: [] },
);

const records = fc.array(
  fc
    .record({
      op: fc.constantFrom(...OPS),
      space: fc.constantFrom(...SPACES),
      session: fc.constantFrom('c1', 'c2', 'c3'),
      path: fc.constantFrom('/a/b', '/a/b/c?x', '/z'),
      status: fc.constantFrom(200, 503, undefined),
      ok: fc.boolean(),
      startNs: fc.nat(100),
      durationNs: fc.option(fc.nat(100), { nil: undefined }),
    })
    .map(record),
);

test('a filter of A and B is a filter of A, then of B', () => {
  fc.assert(
    fc.property(records, conditions, conditions, (all, a, b) => {
      const keepA = createRecordFilter(a);
      const keepB = createRecordFilter(b);
      const inTwoSteps = all.filter(keepA).filter(keepB);
      assert.deepEqual(
        inTwoSteps,
        all.filter((r) => keepA(r) && keepB(r)),
      );
      assert.deepEqual(inTwoSteps, all.filter(keepB).filter(keepA));
    }),
  );
});

test('different conditions given together select what they select one after the other', () => {
  fc.assert(
    fc.property(records, conditions, (all, { invert: _, ...together }) => {
      const oneByOne = Object.entries(together).map(([name, value]) => createRecordFilter({ [name]: value }));
      const expected = oneByOne.reduce((left, keep) => left.filter(keep), all);
      assert.deepEqual(all.filter(createRecordFilter(together)), expected);
    }),
  );
});

test('a filter and its inversion part the records', () => {
  fc.assert(
    fc.property(records, conditions, (all, some) => {
      const keep = createRecordFilter({ ...some, invert: false });
      const leave = createRecordFilter({ ...some, invert: true });
      for (const one of all) assert.notEqual(keep(one), leave(one));
    }),
  );
});

test('a record of whose answer nothing is known has neither succeeded nor failed', () => {
  const unknown = { outcome: unknownOutcome() };
  assert.equal(selects({ ok: true }, unknown), false);
  assert.equal(selects({ ok: false }, unknown), false);
  assert.equal(selects({ ok: true, invert: true }, unknown), true);
  assert.equal(selects({ ok: false }, { outcome: { ...unknownOutcome(), ok: false } }), true);
  assert.equal(
    selects({ ok: false }, { outcome: { ...unknownOutcome(), ok: false, error: 'upstream_reset' } }),
    true,
  );
});

test('what its client cancelled is named so, HTTP and gRPC alike, and is no failure', () => {
  const outcome = { ...unknownOutcome(), ok: false, error: 'client_aborted' };
  const stream = { messages: [], halfCloseNs: 0, cancelNs: 5e6 };
  const call: Partial<TraceRecord> = { protocol: 'grpc', stream, outcome };
  const left: Partial<TraceRecord> = { outcome: { ...outcome, status: 200 } };
  for (const cancelled of [call, left]) {
    assert.equal(selects({ statuses: ['cancelled'] }, cancelled), true);
    assert.equal(selects({ ok: true }, cancelled), true);
    assert.equal(selects({ ok: false }, cancelled), false);
    assert.equal(selects({ statuses: ['none'] }, cancelled), false);
  }
  assert.equal(selects({ statuses: ['1'] }, call), true);
  assert.equal(selects({ statuses: ['200'] }, left), true);
  assert.equal(selects({ statuses: ['cancelled'] }, {}), false);
  const refused = { outcome: { ...outcome, status: 503 } };
  assert.equal(selects({ ok: false }, refused), true, 'it had failed before its client left');
});
