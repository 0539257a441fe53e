import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyNumber, copyShifts, createCopier } from '../../../src/replay/plan/copy-sessions.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { burstyTrace, MS, play, SECOND } from '../../support/replay-harness.ts';

interface Planned {
  startNs: number;
  session: string;
  path: string;
  number: number;
}

function copied(
  records: readonly TraceRecord[],
  copies: number,
  copySpreadNs: number,
  seed: number,
): Planned[] {
  const copier = createCopier({ copies, copySpreadNs, seed });
  const out: Planned[] = [];
  const drain = (): void => {
    for (let copy = copier.take(); copy !== undefined; copy = copier.take()) {
      const { startNs, session, path } = copy.record;
      out.push({ startNs, session, path, number: copy.number });
    }
  };
  for (const [number, record] of records.entries()) {
    copier.add(record, number);
    drain();
  }
  copier.end();
  drain();
  return out;
}

const traceArb = fc
  .array(fc.record({ gapNs: fc.oneof(fc.constant(0), fc.nat(30)), session: fc.constantFrom('a', 'b') }), {
    maxLength: 60,
  })
  .map((steps) => {
    let startNs = 1000;
    return steps.map(({ gapNs, session }, at) => {
      startNs += gapNs;
      return makeRecord(startNs, { session, path: `/${at}` });
    });
  });

test('copies: every record once for each copy, later by the shift of the copy, in order', () => {
  fc.assert(
    fc.property(
      traceArb,
      fc.integer({ min: 1, max: 5 }),
      fc.nat(100),
      fc.nat(),
      (trace, copies, spread, seed) => {
        const out = copied(trace, copies, spread, seed);
        const shifts = copyShifts({ copies, copySpreadNs: spread, seed });
        assert.equal(out.length, trace.length * copies);
        assert.equal(new Set(out.map(({ number }) => number)).size, out.length, 'no number twice');
        for (let at = 1; at < out.length; at += 1) {
          assert.ok((out[at] as Planned).startNs >= (out[at - 1] as Planned).startNs);
        }
        const byNumber = new Map(out.map((each) => [each.number, each]));
        for (const [number, record] of trace.entries()) {
          for (let copy = 0; copy < copies; copy += 1) {
            const found = byNumber.get(copyNumber(number, copy, copies));
            assert.equal(found?.startNs, record.startNs + (shifts[copy] as number));
            assert.equal(found?.session, copy === 0 ? record.session : `${record.session}#${copy}`);
            assert.equal(found?.path, record.path);
          }
        }
      },
    ),
  );
});

test('copies: shifts come from the seed, the first is none, none is as long as the spread', () => {
  const options = { copies: 50, copySpreadNs: 1000, seed: 7 };
  const shifts = copyShifts(options);
  assert.deepEqual(copyShifts(options), shifts);
  assert.notDeepEqual(copyShifts({ ...options, seed: 8 }), shifts);
  assert.equal(shifts[0], 0);
  assert.ok(shifts.every((ns) => ns >= 0 && ns < 1000));
  assert.ok(new Set(shifts).size > 40);
});

test('copies: in a replay each is a client of its own, and a slow one delays nobody else', async () => {
  const records = [
    makeRecord(0, { session: 's', durationNs: 1 * MS, path: '/1' }),
    makeRecord(10 * MS, { session: 's', durationNs: 1 * MS, path: '/2' }),
  ];
  const [, shiftNs = 0] = copyShifts({ copies: 2, copySpreadNs: 8 * MS, seed: 3 });
  const { end, settled } = await play(records, {
    copies: 2,
    copySpreadNs: 8 * MS,
    seed: 3,
    fateOf: ({ session, path }) =>
      session === 's' && path === '/1'
        ? { kind: 'answer', afterNs: SECOND, ok: true }
        : { kind: 'at_once', ok: true },
  });
  const sentMs = new Map(
    settled.map(({ record, sentNs }) => [
      `${record.session} ${record.path}`,
      (sentNs as number) - (end.startNs as number),
    ]),
  );
  assert.deepEqual(Object.fromEntries(sentMs), {
    's /1': 0,
    's#1 /1': shiftNs,
    's#1 /2': 10 * MS + shiftNs,
    's /2': SECOND,
  });
  assert.deepEqual(settled.map(({ number }) => number).sort(), [0, 1, 2, 3]);
});

test('copies: they go with loops, cut gaps and a multiplier, and every pass is as long', async () => {
  const records = burstyTrace(200, 5, 3);
  const { end, settled } = await play(records, {
    copies: 3,
    copySpreadNs: 50 * MS,
    loops: 2,
    maxGapNs: 100 * MS,
    multiplier: 2,
    window: { startNs: 5 * SECOND, endNs: 20 * SECOND },
  });
  assert.equal(end.accounting.ok, 200 * 3 * 2);
  assert.ok(settled.every(({ sentNs, dueNs }) => sentNs === dueNs));
  const passOf = (number: number) => Math.floor(number / 600);
  const firsts = [0, 1].map((pass) => settled.find(({ number }) => passOf(number) === pass)?.dueNs as number);
  const lasts = [0, 1].map(
    (pass) => settled.findLast(({ number }) => passOf(number) === pass)?.dueNs as number,
  );
  const lengths = firsts.map((firstNs, pass) => (lasts[pass] as number) - firstNs);
  assert.ok(Math.abs((lengths[0] as number) - (lengths[1] as number)) <= 1, lengths.join());
});
