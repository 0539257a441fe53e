import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { createFindDanger } from '../../src/dialects/find-danger.ts';
import { genericDialect } from '../../src/dialects/generic.ts';
import type { ReplayOptions } from '../../src/replay/replay-options.ts';
import type { Percentiles } from '../../src/results/document/latency-section.ts';
import { decodeHistogram } from '../../src/results/histogram/hdr-library.ts';
import { Histogram } from '../../src/results/histogram/histogram.ts';
import { type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { checklistText } from '../../src/verify/checklist-text.ts';
import { type Verification, verifyReplay } from '../../src/verify/verify-replay.ts';
import { framesOf } from '../replay-log/support.ts';
import fc, { runs } from '../support/fast-check.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { type Fate, MS, SECOND } from '../support/replay-harness.ts';
import { loggedRun, type Run, writeLog } from './support.ts';

const HOUR = 3600 * SECOND;

let folder = '';
before(async () => {
  folder = newFolder();
});

async function verify({ document, log }: { document: unknown; log: Uint8Array }): Promise<Verification> {
  return verifyReplay(await writeLog(folder, log), document);
}

function wrongOnes({ checks, logDamage }: Verification): unknown[] {
  const wrong = checks.filter((check) => !check.agrees);
  return [...logDamage, ...wrong.map(({ name, inDocument, recomputed }) => [name, inDocument, recomputed])];
}

/** Bursts of two ops in seven sessions over three seconds, with a server that is sometimes slow or wrong, and clients that hang up. */
async function mixedRun(given: Partial<ReplayOptions> = {}): Promise<Run> {
  const records = Array.from({ length: 300 }, (_, i) =>
    makeRecord(Math.floor(i / 10) * 100 * MS + (i % 10) * MS, {
      session: `s${i % 7}`,
      op: i % 3 ? 'recall' : 'remember',
      durationNs: hangsUp(i) ? 300 * MS : (i % 5) * MS,
      path: `/${i}`,
      ...(hangsUp(i) ? { outcome: { ...unknownOutcome(), status: 200, error: 'client_aborted' } } : {}),
    }),
  );
  return loggedRun(records, { timeoutNs: SECOND, ...given }, ({ path }) => {
    const i = Number(path.slice(1));
    if (i % 97 === 5 || hangsUp(i)) return { kind: 'hang' };
    const afterNs = (2 + (i % 13)) * MS + (i % 41 === 0 ? 80 * MS : 0);
    return {
      kind: 'answer',
      afterNs,
      ok: i % 29 !== 0,
      is: i % 3 === 2 ? undefined : i % 2 ? 'same' : 'other',
    };
  });
}

/** What people call operations, and what somebody might. */
const NAMES = [
  'recall',
  'remember',
  '',
  ...['(none)', '(other)', 'overall', 'min_ms', '__proto__', 'constructor', 'toString'].flatMap((name) => [
    name,
    `op:${name}`,
  ]),
  'op:op:overall',
  'a.p99',
  'b].code',
  'two\u2028lines\n',
];

function outcomeOf(status: number): TraceRecord['outcome'] {
  return { ...unknownOutcome(), status };
}

/** The same histogram, but for one value of its third bucket, which is moved to the next. */
function moveOne(base64: string): string {
  const moved = new Histogram();
  [...decodeHistogram(base64).buckets()].forEach(({ topNs, count }, place) => {
    for (let i = 0; i < count; i += 1) moved.record(place === 2 && i === 0 ? topNs + 1 : topNs);
  });
  return moved.encode();
}

const hangsUp = (i: number): boolean => i % 53 === 7;

type Path = (string | number)[];

/** Paths of all numbers in a document. */
function numbersIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? value.map((each, i) => [i, each] as const) : Object.entries(value);
  return entries.flatMap(([name, each]) => numbersIn(each, [...path, name]));
}

/** A copy of the document with one leaf replaced. */
function edited<T>(document: T, path: Path, change: (value: never) => unknown): T {
  const copy = structuredClone(document);
  let parent = copy as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) parent = parent[name] as Record<string | number, unknown>;
  const last = path.at(-1) as string | number;
  parent[last] = change(parent[last] as never);
  return copy;
}

describe('verify', () => {
  it('agrees with the document of a mixed run', async () => {
    const run = await mixedRun();
    const result = await verify(run);
    assert.deepEqual(wrongOnes(result), []);
    assert.equal(run.document.operations.cancelled, 6);
    assert.deepEqual(run.document.answers.overall, { same: 97, other: 97, unknown: 106 });
    assert.equal(run.document.latency.overall.count, 294);
    assert.equal(result.agrees, true);
    assert.ok(result.checks.length > 300);
  });

  it('agrees with whatever can happen, in every mode', async () => {
    const fate: fc.Arbitrary<Fate> = fc.oneof(
      fc.record({
        kind: fc.constant('answer' as const),
        afterNs: fc.nat(3 * SECOND),
        ok: fc.boolean(),
        is: fc.constantFrom('same' as const, 'other' as const, undefined),
      }),
      fc.record({ kind: fc.constant('at_once' as const), ok: fc.boolean() }),
      fc.constant({ kind: 'hang' as const }),
      fc.constant({ kind: 'lost' as const }),
      fc.constant({ kind: 'throw' as const }),
      fc.constant({ kind: 'kept_end' as const }),
    );
    const each = fc.record({
      gapNs: fc.oneof(fc.nat(300 * MS), fc.nat(3000)),
      durationNs: fc.option(fc.nat(500 * MS), { nil: undefined }),
      session: fc.constantFrom('a', 'b', 'c'),
      op: fc.constantFrom(...NAMES),
      isWhole: fc.boolean(),
      protocol: fc.constantFrom('http' as const, 'grpc' as const),
      status: fc.constantFrom(200, 204, 404, 503, 0, 5, undefined),
      fate,
    });
    const options = fc.record({
      multiplier: fc.constantFrom(0.5, 1, 3),
      order: fc.constantFrom('session' as const, 'open' as const),
      behind: fc.constantFrom('catch-up' as const, 'shed' as const, 'stretch' as const, 'abort' as const),
      timing: fc.constantFrom(
        { kind: 'absolute' } as const,
        { kind: 'asap' } as const,
        { kind: 'rate', perSec: 30 } as const,
      ),
      maxInFlight: fc.constantFrom(1, 2, 4096),
      timeoutNs: fc.constant(2 * SECOND),
      gateTimeoutNs: fc.constantFrom(SECOND, 10 * SECOND),
      drainNs: fc.constantFrom(undefined, SECOND),
      loops: fc.constantFrom(1, 2),
    });
    const share = fc.constantFrom(0, 0.5, 1);
    await fc.assert(
      fc.asyncProperty(fc.array(each, { maxLength: 25 }), options, share, async (list, given, expected) => {
        const fates = new Map<string, Fate>();
        let startNs = 0;
        const records = list.map(({ gapNs, isWhole, fate, status, ...plain }, i): TraceRecord => {
          startNs += gapNs;
          fates.set(`/${i}`, fate);
          const bodyBytesMissing = isWhole ? 0 : 1;
          const outcome = { ...unknownOutcome(), status };
          return makeRecord(startNs, { ...plain, path: `/${i}`, bodyBytesMissing, outcome });
        });
        const fateOf = ({ path }: TraceRecord) => fates.get(path) as Fate;
        const run = await loggedRun(records, given, fateOf, undefined, [], expected);
        assert.deepEqual(wrongOnes(await verify(run)), []);
      }),
      { seed: 1, numRuns: runs(150) },
    );
  });

  it('agrees where all latencies are above an hour, where histograms end', async () => {
    const runOf = (list: number[]): Promise<Run> =>
      loggedRun(
        list.map((hours, i) => makeRecord(i * MS, { durationNs: hours * HOUR })),
        {},
        () => ({ kind: 'answer', afterNs: MS, ok: true }),
      );
    for (const list of [[1.0001], [0.1, 0.2, 5], [0.999, 1, 1.001, 8], [0, 2, 2, 2, 2]]) {
      assert.deepEqual(wrongOnes(await verify(await runOf(list))), [], String(list));
    }
    const run = await runOf([5, 6, 7]);
    assert.deepEqual(wrongOnes(await verify(run)), []);
    const { p50, max } = run.document.recorded_latency.overall;
    assert.deepEqual([p50, max], [(5 * HOUR) / MS, (7 * HOUR) / MS]);
    const forged = edited(run.document, ['recorded_latency', 'overall', 'p50'], () => HOUR / MS);
    assert.notDeepEqual(wrongOnes(await verify({ ...run, document: forged })), []);
  });

  it('agrees where recorded times lie as far apart as a trace can hold', async () => {
    const far = Number.MAX_SAFE_INTEGER;
    const records = [
      makeRecord(-far, { durationNs: far }),
      makeRecord(0, { durationNs: far - 1 }),
      makeRecord(far, { session: 'b' }),
    ];
    const run = await loggedRun(records, { timing: { kind: 'asap' } }, () => ({ kind: 'at_once', ok: true }));
    assert.deepEqual(wrongOnes(await verify(run)), []);
    assert.equal(run.document.recorded_latency.overall.max, far / MS);
  });

  it('agrees where recorded times lie closer together than a clock can tell', async () => {
    for (const gapNs of [1, 3, 7, 9, 15]) {
      const records = Array.from({ length: 500 }, (_, i) => makeRecord(i * gapNs, { session: `s${i}` }));
      const slow: Fate = { kind: 'answer', afterNs: 20 * MS, ok: true };
      const run = await loggedRun(records, { maxInFlight: 10 }, () => slow);
      assert.deepEqual(wrongOnes(await verify(run)), [], `${gapNs} ns apart`);
    }
  });

  it('counts each op by itself, whatever it is called, and the rest past 64 names together', async () => {
    const plain = Array.from({ length: 80 }, (_, i) => `op ${i}`);
    for (const names of [NAMES, [...NAMES, ...plain], [...plain, ...NAMES]]) {
      const records = names.flatMap((op, i) =>
        Array.from({ length: names === NAMES ? i + 1 : 1 }, () =>
          makeRecord(i * MS, { op, outcome: outcomeOf(404) }),
        ),
      );
      const run = await loggedRun(records, {}, () => ({ kind: 'answer', afterNs: MS, ok: true }));
      assert.deepEqual(wrongOnes(await verify(run)), []);
      const { latency, status_classes: classes, histograms } = JSON.parse(JSON.stringify(run.document));
      const ops = Object.entries(classes.ops as Record<string, { compared: number }>);
      assert.equal(ops.length, Math.min(names.length, 65));
      assert.equal(Object.keys(histograms.response).length, ops.length + 1);
      const counted = ops.reduce((sum, [, { compared }]) => sum + compared, 0);
      assert.deepEqual([counted, latency.overall.count], [records.length, records.length]);
      if (names !== NAMES) continue;
      const counts = ops.map(([, { compared }]) => compared).sort((a, b) => a - b);
      assert.deepEqual(
        counts,
        NAMES.map((_, i) => i + 1),
      );
    }
  });

  it('agrees with a run that left out what would end the target, and finds it when that is hushed up', async () => {
    const dangerOf = createFindDanger(genericDialect);
    const records = [0, 1, 2].map((i) =>
      makeRecord(i * MS, { method: 'POST', path: i === 1 ? '/shutdown' : '/' }),
    );
    const { document, log } = await loggedRun(records, { dangerOf }, () => ({ kind: 'at_once', ok: true }));
    assert.deepEqual(wrongOnes(await verify({ document, log })), []);
    assert.ok(document.fidelity.reasons.some(({ code }) => code === 'excluded_dangerous'));
    for (const path of [
      ['fidelity', 'excluded', 'dangerous'],
      ['fidelity', 'dangerous', 0, 'count'],
    ]) {
      const forged = edited(document, path, () => 7);
      assert.notDeepEqual(wrongOnes(await verify({ document: forged, log })), [], path.join('.'));
    }
  });

  it('finds every single number that was edited', async () => {
    const { document, log } = await mixedRun();
    const path = await writeLog(folder, log);
    // The version of the schema is no measurement: with another one it is no document that verify knows.
    const paths = numbersIn(document).filter(([first]) => first !== 'schema_version');
    assert.ok(paths.length > 250, `${paths.length} numbers`);
    const missed: string[] = [];
    for (const place of sampled(paths, 120)) {
      const forged = edited(document, place, (value: number) => forge(value));
      const { agrees } = await verifyReplay(path, forged);
      if (agrees) missed.push(place.join('.'));
    }
    assert.deepEqual(missed, []);
  });

  it('finds a forged verdict, a reason taken out or invented, and an op that was not there', async () => {
    const { document, log } = await mixedRun();
    const { reasons } = document.fidelity;
    assert.notEqual(reasons.length, 0);
    const invented = { code: 'steal', message: '', observed: 0.2, limit: 0.1 };
    const { overall } = document.latency;
    const { p75 } = document.fidelity.send_error_us['overall'] as Percentiles;
    const forgeries = {
      'a percentile, by less than its step': edited(
        document,
        ['fidelity', 'send_error_us', 'overall', 'p75'],
        () => Number(p75) + 0.1,
      ),
      'a histogram with the right percentiles': edited(
        document,
        ['histograms', 'response', 'overall'],
        moveOne,
      ),
      verdict: edited(document, ['fidelity', 'verdict'], () => 'valid'),
      'reason taken out': edited(document, ['fidelity', 'reasons'], (list: unknown[]) => list.slice(1)),
      'the words of a reason': edited(document, ['fidelity', 'reasons', '0', 'message'], () => 'fine'),
      'a check': edited(document, ['checks'], () => [{ expr: 'p99 < 1', observed: 0, pass: true }]),
      'reason invented': edited(document, ['fidelity', 'reasons'], (list: unknown[]) => [...list, invented]),
      'reason twice': edited(document, ['fidelity', 'reasons'], (list: unknown[]) => [...list, list[0]]),
      op: edited(document, ['latency'], (section: object) => ({ ...section, forget: overall })),
      'op left out': edited(document, ['latency', 'recall'], () => undefined),
      'errors left out': edited(document, ['errors'], () => []),
      'a window left out': edited(document, ['windows'], (list: unknown[]) => list.slice(0, -1)),
      'a histogram of other values': edited(
        document,
        ['histograms', 'response', 'recall'],
        () => document.histograms.service['remember'],
      ),
      'no histogram': edited(document, ['histograms', 'response', 'recall'], () => 'bm9uc2Vuc2U='),
      'another log': edited(document, ['replay_log', 'sha256'], () => 'f'.repeat(64)),
      'no log': edited(document, ['replay_log'], () => null),
      'a stop': edited(document, ['summary', 'stop'], () => 'interrupted'),
      'another target': edited(document, ['target', 'http'], () => 'http://elsewhere:1'),
    };
    for (const [what, forged] of Object.entries(forgeries)) {
      assert.equal((await verify({ document: forged, log })).agrees, false, what);
    }
  });

  it('agrees that a trace was not whole, and finds it when that is hushed up', async () => {
    const records = Array.from({ length: 50 }, (_, i) => makeRecord(i * 10 * MS, { path: `/${i}` }));
    const answer = (): Fate => ({ kind: 'answer', afterNs: MS, ok: true });
    const run = await loggedRun(records, {}, answer, undefined, ['it has no index', 'it is cut off']);
    const { document, log } = run;
    const reasons = document.fidelity.reasons.filter(({ code }) => code !== 'trace_incomplete');
    assert.equal(reasons.length, document.fidelity.reasons.length - 1);
    assert.deepEqual(wrongOnes(await verify(run)), []);
    const fidelity = { ...document.fidelity, reasons, verdict: 'valid' };
    const trace = { ...document.plan.trace, warnings: [] };
    const hushed = { ...document, fidelity, plan: { ...document.plan, trace } };
    for (const forged of [{ ...document, fidelity }, hushed]) {
      const names = (await verify({ document: forged, log })).checks.flatMap((check) =>
        check.agrees ? [] : [check.name],
      );
      assert.ok(names.includes('fidelity.verdict'), `${names}`);
      assert.ok(names.includes('fidelity.reasons[trace_incomplete].code'), `${names}`);
    }
  });

  it('proves nothing from a log that was tampered with', async () => {
    const run = await mixedRun();
    const frames = framesOf(run.log);
    const cases = {
      'a block less': frames.filter((_, i) => i !== 1),
      'no end': frames.slice(0, -1),
      'a block twice': [...frames.slice(0, 2), ...frames.slice(1)],
    };
    for (const [what, list] of Object.entries(cases)) {
      const result = await verify({ document: run.document, log: Buffer.concat(list) });
      assert.equal(result.agrees, false, what);
      assert.notDeepEqual(result.logDamage, [], what);
      assert.match(checklistText(result), /proves nothing/);
    }
  });

  it('says in its first line that files are not of one replay, and how it knows', async () => {
    const run = await mixedRun();
    const other = await mixedRun({ multiplier: 2 });
    const { document } = run;
    const later = edited(document, ['timestamp'], () => '2026-01-02T03:04:05.000Z');
    const ofShard = edited(document, ['plan', 'options'], (options: object) => ({
      ...options,
      shard: '1/2',
    }));
    const cases = [
      [later, run.log, null],
      [
        later,
        other.log,
        /another replay than the log: theirs is of 2026-01-02T03:04:05.000Z, the log's of 20/,
      ],
      [document, other.log, /the log is not the one that the results name: one of the two was changed/],
      [ofShard, other.log, /another replay than the log, which began at the same time/],
      [edited(document, ['replay_log'], () => null), run.log, /the results name no replay log/],
    ] as const;
    for (const [given, log, sentence] of cases) {
      const result = await verify({ document: given, log });
      assert.equal(result.agrees, false);
      assert.deepEqual(result.logDamage, []);
      const lines = checklistText(result).trimEnd().split('\n');
      if (sentence === null) {
        assert.deepEqual(result.strangers, []);
        assert.match(lines.join('\n'), /FAIL {2}timestamp: in the document "2026-01-02/);
        continue;
      }
      assert.match(lines[0] ?? '', sentence);
      assert.match(lines[1] ?? '', /^\d+ of \d+ values do not agree .* --all prints them\.$/);
      assert.equal(lines.length, 2);
      assert.ok(checklistText(result, true).split('\n').length > 300);
    }
  });

  it('says which number it is, in the document and from the log', async () => {
    const { document, log } = await mixedRun();
    const forged = edited(document, ['latency', 'recall', 'p99'], () => 1);
    const result = await verify({ document: forged, log });
    assert.deepEqual(
      result.checks.filter(({ agrees }) => !agrees).map(({ name, inDocument }) => [name, inDocument]),
      [['latency.recall.p99', 1]],
    );
    assert.match(checklistText(result), /FAIL {2}latency\.recall\.p99: in the document 1, recomputed \d+/);
    assert.match(checklistText(result), /PASS {2}fidelity\.accounting: 11 values/);
    assert.match(checklistText(result, true), / {2}ok {2}latency\.overall\.p50/);
  });

  it('refuses what is no document and no log', async () => {
    const { document, log } = await mixedRun();
    for (const other of [null, {}, { schema_version: 2 }, [], 'text']) {
      await assert.rejects(verify({ document: other, log }), { code: 'bad_record' });
    }
    const path = join(folder, 'nonsense');
    await writeFile(path, 'nonsense');
    await assert.rejects(verifyReplay(path, document), { code: 'not_a_trace' });
  });
});

/** Evenly spread, and never the same ones only. */
function sampled<T>(list: readonly T[], count: number): T[] {
  const step = Math.max(1, list.length / count);
  return Array.from({ length: Math.min(count, list.length) }, (_, i) => list[Math.floor(i * step)] as T);
}

/** Another number, further away than any histogram's error. */
function forge(value: number): number {
  return value === 0 ? 1 : Number.isInteger(value) && Math.abs(value) < 1000 ? value + 1 : value * 1.05;
}
