import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { emptyLeftOut } from '../../../src/replay/left-out.ts';
import { createPlanDigest } from '../../../src/replay/plan/plan-digest.ts';
import { SESSIONS_COUNTED, summarisePlan } from '../../../src/replay/plan/plan-summary.ts';
import { replayOptions } from '../../../src/replay/replay-options.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { makeRecord } from '../../support/make-record.ts';
import { burstyTrace, inBatches, MS, play } from '../../support/replay-harness.ts';

function digestOf(records: TraceRecord[]): string {
  const digest = createPlanDigest();
  for (const record of records) digest.add(record);
  return digest.finish();
}

test('plan summary: counts what a replay then plans, over all passes', async () => {
  const records = burstyTrace(500, 9, 5);
  const options = { loops: 3, multiplier: 4, maxGapNs: 50 * MS };
  const summary = await summarisePlan(() => inBatches(records, 64), replayOptions(options));
  const { end } = await play(records, options);
  assert.equal(summary.operations, end.accounting.planned);
  assert.equal(summary.durationNs, (end.lastDueNs ?? 0) - (end.startNs ?? 0));
  assert.equal(summary.perSession.size, 9);
  assert.equal(summary.perOp.get('op'), 500);
  assert.equal(summary.perProtocol.get('http'), 500);
  assert.equal(summary.first.length, 10);
  assert.equal(summary.first[0]?.dueNs, 0);
  assert.equal(summary.ratePerSec, 1500 / (summary.durationNs / 1e9));
});

test('plan summary: an even rate, over passes too', async () => {
  const options = { loops: 2, timing: { kind: 'rate', perSec: 300 } } as const;
  const summary = await summarisePlan(() => inBatches(burstyTrace(100, 3, 5), 64), replayOptions(options));
  assert.equal(summary.durationNs, Math.round((199 * 1e9) / 300));
});

test('plan summary: an endless plan, an empty one and one of a single moment', async () => {
  const endless = await summarisePlan(
    () => inBatches(burstyTrace(10, 1, 1), 3),
    replayOptions({ loops: Infinity }),
  );
  assert.equal(endless.operations, Infinity);
  assert.equal(endless.ratePerSec, undefined);
  const empty = await summarisePlan(() => inBatches([], 1), replayOptions());
  assert.deepEqual([empty.operations, empty.durationNs, empty.ratePerSec], [0, 0, undefined]);
  const moment = await summarisePlan(() => inBatches([makeRecord(5)], 1), replayOptions());
  assert.equal(moment.ratePerSec, undefined);
});

test('plan summary: memory stays bounded with endless sessions, and what is not planned is counted by reason', async () => {
  const records = Array.from({ length: SESSIONS_COUNTED + 50 }, (_, at) =>
    makeRecord(at, { session: `s${at}` }),
  );
  records.push(
    makeRecord(1e9, { bodyBytesMissing: 1 }),
    makeRecord(2e9, { op: 'write' }),
    makeRecord(3e9, { protocol: 'grpc' }),
  );
  const only = replayOptions({ only: (record) => record.op !== 'write' });
  const summary = await summarisePlan(
    () => inBatches(records, 999),
    only,
    (record) => record.protocol === 'http',
  );
  assert.equal(summary.perSession.size, SESSIONS_COUNTED);
  assert.equal(summary.otherSessionsOperations, 50);
  assert.deepEqual(summary.excluded, { ...emptyLeftOut(), incomplete: 1, no_target: 1, filtered_out: 1 });
});

test('plan digest: the same operations give the same digest, any difference another one', () => {
  const base = makeRecord(7, { body: new TextEncoder().encode('hello'), durationNs: 3 });
  const message = {
    fromServer: false,
    offsetNs: 1,
    data: new Uint8Array([1]),
    sizeBytes: 1,
    compressed: false,
  };
  const stream = { messages: [message], halfCloseNs: 2, cancelNs: undefined };
  const others: TraceRecord[] = [
    { ...base, startNs: 8 },
    { ...base, durationNs: undefined },
    { ...base, op: 'x' },
    { ...base, session: 'x' },
    { ...base, method: 'PUT' },
    { ...base, path: '/x' },
    { ...base, body: new TextEncoder().encode('hellp') },
    { ...base, stream },
    { ...base, stream: { ...stream, halfCloseNs: 3 } },
    { ...base, stream: { ...stream, messages: [{ ...message, data: new Uint8Array([2]) }] } },
  ];
  const digests = [base, ...others].map((record) => digestOf([record]));
  assert.equal(new Set(digests).size, digests.length);
  assert.match(digests[0] ?? '', /^[0-9a-f]{64}$/);
  assert.equal(digestOf([structuredClone(base)]), digests[0]);
});

test('plan digest: a replay feeds it with the operations of its first pass, also when it is stopped', async () => {
  const records = burstyTrace(100, 4, 9);
  for (const signal of [undefined, AbortSignal.abort()]) {
    const digest = createPlanDigest();
    await play(records, { loops: 2, signal, deps: { digest } });
    assert.equal(digest.finish(), digestOf(records));
  }
});

test('replay options: what makes no sense is a usage error', () => {
  const wrong = [
    { multiplier: 0 },
    { multiplier: -1 },
    { multiplier: Number.NaN },
    { multiplier: Infinity },
    { loops: 0 },
    { loops: 1.5 },
    { maxInFlight: 0 },
    { maxGapNs: -1 },
    { timeoutNs: 0 },
    { timing: { kind: 'rate', perSec: 0 } as const },
    { timing: { kind: 'rate', perSec: Number.NaN } as const },
  ];
  for (const options of wrong) {
    assert.throws(
      () => replayOptions(options),
      (thrown) => thrown instanceof EngramTraceError && thrown.code === 'usage',
      JSON.stringify(options),
    );
  }
  assert.equal(replayOptions({ multiplier: undefined as unknown as number }).multiplier, 1);
});
