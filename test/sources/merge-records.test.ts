import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeRecords } from '../../src/sources/merge-records.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import fc from '../support/fast-check.ts';
import { makeRecord } from '../trace/support.ts';

const at = (startNs: number, session = '') => makeRecord({ startNs, session });

/** Batches of `size`, empty ones among them; counts how far it was read. */
function inputOf(name: string, records: readonly TraceRecord[], size = 2) {
  const state = { name, taken: 0, isClosed: false };
  async function* read(): AsyncGenerator<TraceRecord[]> {
    try {
      yield [];
      for (let i = 0; i < records.length; i += size) {
        state.taken = Math.min(records.length, i + size);
        yield records.slice(i, i + size);
      }
    } finally {
      state.isClosed = true;
    }
  }
  return Object.assign(state, { batches: read() });
}

async function merged(inputs: Parameters<typeof mergeRecords>[0]) {
  const found: TraceRecord[] = [];
  for await (const batch of mergeRecords(inputs)) {
    assert.ok(batch.length > 0 && batch.length <= 128, `a batch of ${batch.length}`);
    found.push(...batch);
  }
  return found;
}

test('any number of inputs become one in the order of starts, of equal ones the first input first', async () => {
  const starts = fc.array(fc.nat({ max: 30 }), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(starts, { maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      async (lists, size) => {
        const inputs = lists.map((list, k) =>
          [...list].sort((a, b) => a - b).map((startNs, i) => at(startNs, `${k}.${i}`)),
        );
        // A sort that is stable, of the inputs one behind the other.
        const expected = inputs.flat().sort((a, b) => a.startNs - b.startNs);
        const found = await merged(inputs.map((records, k) => inputOf(`input ${k}`, records, size)));
        assert.deepEqual(
          found.map(({ session }) => session),
          expected.map(({ session }) => session),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('no input is read further than a batch ahead of what was taken, and all are closed', async () => {
  const list = (from: number) => Array.from({ length: 10_000 }, (_, i) => at(from + 10 * i));
  const inputs = [0, 1, 2].map((from) => inputOf(String(from), list(from), 100));
  let handed = 0;
  for await (const batch of mergeRecords(inputs)) {
    handed += batch.length;
    const read = inputs.reduce((sum, { taken }) => sum + taken, 0);
    assert.ok(read - handed <= 3 * 100 + 128, `${read} read, ${handed} handed on`);
    if (handed > 5000) break;
  }
  assert.deepEqual(
    inputs.map(({ isClosed }) => isClosed),
    [true, true, true],
  );
});

test('an input that is in no order is refused with its place, within a batch as between two', async () => {
  for (const size of [1, 2, 3, 10]) {
    const found: TraceRecord[] = [];
    const inputs = [
      inputOf('a.log', [at(1), at(2), at(7)], size),
      inputOf('b.log', [at(0), at(5), at(4), at(6)], size),
    ];
    const read = async () => {
      for await (const batch of mergeRecords(inputs)) found.push(...batch);
    };
    await assert.rejects(read(), {
      code: 'bad_record',
      where: 'b.log, record 2',
      message: 'the record starts at 4 ns, behind one that starts at 5 ns',
    });
    assert.ok(found.length >= 3, 'what comes before it is delivered');
    assert.ok(inputs.every(({ isClosed }) => isClosed));
  }
});
