import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlanReader } from '../../../src/replay/plan/plan-reader.ts';
import { createSelection } from '../../../src/replay/plan/selection.ts';
import { UpscaledSessions } from '../../../src/replay/plan/upscale-sessions.ts';
import { type ReplayOptions, replayOptions } from '../../../src/replay/replay-options.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { inBatches } from '../../support/replay-harness.ts';

interface Planned {
  number: number;
  dueNs: number;
  session: string;
}

async function planned(records: TraceRecord[], given: Partial<ReplayOptions>): Promise<Planned[]> {
  const options = replayOptions(given);
  const out: Planned[] = [];
  const reader = createPlanReader({
    openSource: () => inBatches(records, 7),
    openStarts: () => inBatches(records, 5),
    options,
    selection: createSelection(options, () => true),
    digest: undefined,
    sink: {
      operation: ({ session }, number, { dueNs }) => {
        out.push({ number, dueNs, session });
        return undefined;
      },
      batchEnd: () => {},
      stopped: false,
      closed: false,
    },
  });
  await reader.run();
  if (reader.error !== undefined) throw reader.error;
  return out;
}

const anyTrace = fc
  .array(
    fc.record({
      gapNs: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(5000)),
      session: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let startNs = 1000;
    return steps.map(({ gapNs, session }) => {
      startNs += gapNs;
      return makeRecord(startNs, { session });
    });
  });
const anyFactor = fc.constantFrom(1.001, 1.5, 2, 3, 3.7, 50);

/** Where the n-th of these arrivals goes, said once more in other words. */
function upscaled(arrivals: readonly number[], n: number, factor: number): number {
  const [before, part] = [Math.floor(n / factor), (n / factor) % 1];
  const fromNs = arrivals[before] as number;
  return fromNs + Math.round(part * ((arrivals[before + 1] ?? fromNs) - fromNs));
}

test('upscale by operation: each takes the place of recorded operation number / factor, in their order', async () => {
  await fc.assert(
    fc.asyncProperty(anyTrace, anyFactor, async (records, upscale) => {
      const out = await planned(records, { upscale, order: 'open' });
      const starts = records.map(({ startNs }) => startNs);
      assert.deepEqual(
        out.map(({ number, dueNs }) => [number, dueNs]),
        starts.map((_, n) => [n, upscaled(starts, n, upscale) - (starts[0] as number)]),
      );
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('upscale by session: starts of sessions are moved so, what lies between the operations of one stays', async () => {
  await fc.assert(
    fc.asyncProperty(anyTrace, anyFactor, async (records, upscale) => {
      const out = await planned(records, { upscale });
      const firsts = new Map<string, number>();
      for (const { session, startNs } of records) if (!firsts.has(session)) firsts.set(session, startNs);
      const names = [...firsts.keys()];
      const starts = [...firsts.values()];
      const expected = records.map(({ session, startNs }, number) => {
        const n = names.indexOf(session);
        const moved = upscaled(starts, n, upscale) - (starts[n] as number);
        return { number, dueNs: startNs + moved - (starts[0] as number), session };
      });
      expected.sort((a, b) => a.dueNs - b.dueNs || a.number - b.number);
      assert.deepEqual(out, expected);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('upscale: what several shards play is the plan of one', async () => {
  const records = Array.from({ length: 300 }, (_, n) =>
    makeRecord(n * 1000 + (n % 7) * 300, { session: `s${(n * 7) % 90}` }),
  ).sort((a, b) => a.startNs - b.startNs);
  for (const order of ['open', 'session'] as const) {
    const whole = await planned(records, { upscale: 2.5, order });
    const parts = await Promise.all(
      [0, 1, 2].map((index) => planned(records, { upscale: 2.5, order, shard: { index, of: 3 } })),
    );
    assert.ok(parts.every((part) => part.length > 0));
    const byNumber = (a: Planned, b: Planned) => a.number - b.number;
    assert.deepEqual(parts.flat().sort(byNumber), whole.toSorted(byNumber));
    if (order === 'open') assert.ok((whole.at(-1)?.dueNs as number) < 300_000 / 2, 'it ends early');
  }
});

test('upscale by session holds no more than the operations that later sessions overtake', async () => {
  const copier = new UpscaledSessions(2, { sessions: 1e6, heldRecords: 30, heldBytes: 1e9 });
  let taken = 0;
  for (let n = 0; n < 10_000; n += 1) {
    // Sessions of ten operations.
    copier.add(makeRecord(n * 1000, { session: `s${Math.floor(n / 10)}` }), n);
    while (copier.take() !== undefined) taken += 1;
  }
  assert.ok(taken > 9900, `${taken}`);

  const endless = Array.from({ length: 200 }, (_, n) => makeRecord(n * 1000, { session: `s${n % 2}` }));
  endless.push(...Array.from({ length: 200 }, (_, n) => makeRecord((200 + n) * 1000, { session: `t${n}` })));
  const tight = new UpscaledSessions(2, { sessions: 100, heldRecords: 1e6, heldBytes: 1e9 });
  assert.throws(() => {
    for (const [n, record] of endless.entries()) tight.add(record, n);
  }, /--upscale can't move the sessions of this trace: it has more than 100 sessions/);
  const short = new UpscaledSessions(2, { sessions: 1e6, heldRecords: 50, heldBytes: 1e9 });
  assert.throws(() => {
    for (const [n, record] of endless.entries()) {
      short.add(record, n);
      while (short.take() !== undefined);
    }
  }, /its sessions are too long: 51 operations/);
});

test('upscale is refused beside what decides on due times itself', () => {
  const refused: [Partial<ReplayOptions>, RegExp][] = [
    [{ upscale: 0 }, /upscale has to be 1 \(as recorded\), or from 1.001 to 1000/],
    [{ upscale: -2 }, /upscale has to be/],
    [{ upscale: Number.NaN }, /upscale has to be/],
    [{ upscale: 1e9 }, /upscale has to be/],
    [{ upscale: 2, timing: { kind: 'asap' } }, /left out with any timing but absolute/],
    [{ upscale: 2, pace: [{ durationNs: 1, rate: 2 }] }, /left out with a pace/],
    [{ upscale: 2, copies: 2 }, /left out with copies/],
    [{ upscale: 2, loops: Infinity }, /left out with several passes/],
  ];
  for (const [options, says] of refused) assert.throws(() => replayOptions(options), says);
});
