import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { ReplayOptions } from '../../src/replay/replay-options.ts';
import type { LogBlock } from '../../src/replay-log/log-block.ts';
import { readReplayLog } from '../../src/replay-log/read-replay-log.ts';
import type { EndlessSection } from '../../src/results/document/endless-section.ts';
import { type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { type Verification, verifyReplay } from '../../src/verify/verify-replay.ts';
import { HEADER } from '../replay-log/support.ts';
import { createEndlessTransport, type EndlessFate } from '../support/endless-transport.ts';
import fc, { runs } from '../support/fast-check.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS, SECOND } from '../support/replay-harness.ts';
import { loggedRun, type Run, sealedLog, writeLog } from './support.ts';

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

function endlessRun(
  records: readonly TraceRecord[],
  given: Partial<ReplayOptions>,
  fateOf: (record: TraceRecord) => EndlessFate,
): Promise<Run> {
  const unused = () => ({ kind: 'at_once', ok: true }) as const;
  return loggedRun(records, given, unused, (clock) => createEndlessTransport(clock, fateOf));
}

/** Forty operations, most with endless answers: left by their clients, ended by the server, broken, waited for in vain. */
function fortyAnswers(): Promise<Run> {
  const records = Array.from({ length: 40 }, (_, i) =>
    makeRecord(i * 60 * MS, {
      session: `s${i}`,
      op: i % 3 ? 'watch' : 'listen',
      path: `/${i}`,
      durationNs: 400 * MS,
      ...(i % 4 === 1 ? { outcome: { ...unknownOutcome(), status: 200, error: 'client_aborted' } } : {}),
    }),
  );
  return endlessRun(records, { timeoutNs: SECOND, drainNs: 500 * MS }, ({ path }) => {
    const i = Number(path.slice(1));
    return {
      kind: i % 10 === 7 ? undefined : i % 10 === 3 ? 'unread' : 'events',
      headAfterNs: 5 * MS,
      says: [10, 40 + i, 150, 330].map((ms, n) => ({ atNs: ms * MS, text: `data: ${n}\n\n:\n\n` })),
      endsAfterNs: i % 4 === 2 ? (300 + i) * MS : i % 4 === 3 ? 100 * MS : undefined,
      isBroken: i % 4 === 3,
    };
  });
}

describe('verify, of endless answers', () => {
  it('agrees with a run of them, whatever became of each', async () => {
    const run = await fortyAnswers();
    assert.deepEqual(wrongOnes(await verify(run)), []);
    const section = run.document.endless_answers as EndlessSection;
    assert.ok(Object.values(section.ended).every((count) => count > 0));
    assert.equal(
      Object.values(section.ended).reduce((sum, count) => sum + count, 0),
      section.answers,
    );
    assert.equal(run.document.latency.overall.count, 40 - section.answers);
    assert.ok(section.max_open > 3 && (section.events ?? 0) > 60 && (section.comments ?? 0) > 60);
  });

  it('agrees with any answers and any ends', async () => {
    const fate: fc.Arbitrary<EndlessFate> = fc.record({
      kind: fc.constantFrom('events', 'events', 'lines', 'unread', undefined),
      headAfterNs: fc.nat(50 * MS),
      says: fc.array(
        fc.record({
          atNs: fc.nat(2 * SECOND),
          text: fc.constantFrom('data: 1\n\n', ':\n\n', 'data: 2\n\ndata', '\n', 'x\n', '\n\n'),
        }),
        { maxLength: 8 },
      ),
      endsAfterNs: fc.option(fc.nat(3 * SECOND), { nil: undefined }),
      isBroken: fc.boolean(),
    });
    const each = fc.record({
      gapNs: fc.nat(300 * MS),
      session: fc.constantFrom('a', 'b', 'c'),
      op: fc.constantFrom('watch', 'listen', 'overall', ''),
      isLeft: fc.boolean(),
      fate,
    });
    const options = fc.record({
      multiplier: fc.constantFrom(0.5, 1, 3),
      order: fc.constantFrom('session' as const, 'open' as const),
      behind: fc.constantFrom('catch-up' as const, 'shed' as const),
      timing: fc.constantFrom({ kind: 'absolute' } as const, { kind: 'asap' } as const),
      maxInFlight: fc.constantFrom(2, 4096),
      timeoutNs: fc.constant(SECOND),
      drainNs: fc.constantFrom(undefined, 300 * MS),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(each, { maxLength: 12 }), options, async (list, given) => {
        let startNs = 0;
        const records = list.map(({ gapNs, session, op, isLeft }, i): TraceRecord => {
          startNs += gapNs;
          const outcome = { ...unknownOutcome(), status: 200, error: isLeft ? 'client_aborted' : '' };
          return makeRecord(startNs, { session, op, path: `/${i}`, durationNs: 700 * MS, outcome });
        });
        const run = await endlessRun(
          records,
          given,
          ({ path }) => list[Number(path.slice(1))]?.fate as EndlessFate,
        );
        assert.deepEqual(wrongOnes(await verify(run)), []);
        assert.equal(run.document.fidelity.accounting.closes, true);
      }),
      { seed: 1, numRuns: runs(80) },
    );
  });

  it('finds every value of the section that was edited, and a section taken out', async () => {
    const { document, log } = await fortyAnswers();
    const path = await writeLog(folder, log);
    const section = document.endless_answers as EndlessSection;
    const values = valuesIn(section);
    assert.ok(values.length > 100, `${values.length} values`);
    const forged = values.reduce(edited, section);
    const { checks } = await verifyReplay(path, { ...document, endless_answers: forged });
    const found = new Set(checks.filter(({ agrees }) => !agrees).map(({ name }) => name));
    const missed = values.filter((steps) => !found.has(`endless_answers.${steps.join('.')}`));
    assert.deepEqual(missed, []);
    for (const other of [null, undefined]) {
      assert.equal((await verifyReplay(path, { ...document, endless_answers: other })).agrees, false);
    }
    const { event_gap: own, first_event: foreign } = document.histograms;
    assert.notDeepEqual(own, foreign);
    const histograms = { ...document.histograms, event_gap: foreign };
    assert.equal((await verifyReplay(path, { ...document, histograms })).agrees, false);
  });

  it('finds an answer that the log no longer calls endless, and one event less', async () => {
    const { document, log } = await fortyAnswers();
    const blocks: LogBlock[] = [];
    await readReplayLog(await writeLog(folder, log), (block) => blocks.push(block));
    const forged = async (change: (block: LogBlock) => LogBlock['endless']): Promise<boolean> => {
      const changed = blocks.map((block) => ({ ...block, columns: block.columns, endless: change(block) }));
      const anchorNs = Math.min(...blocks.flatMap(({ columns }) => [...columns.dueNs]));
      const sealed = await sealedLog(changed, document, anchorNs, HEADER);
      const named = { ...document, replay_log: sealed.section };
      return (await verify({ document: named, log: sealed.log })).agrees;
    };
    assert.equal(await forged(({ endless }) => endless), true);
    assert.equal(await forged(({ endless }) => endless.slice(1)), false);
    const shorter = forged(({ endless }) =>
      endless.map((one, i) => (i === 0 ? { ...one, eventNs: one.eventNs.slice(1) } : one)),
    );
    assert.equal(await shorter, false);
  });
});

type Path = string[];

/** Paths of all numbers and nulls. */
function valuesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, each]) => valuesIn(each, [...path, name]));
}

/** A copy with one value replaced by another that no tolerance covers. */
function edited<T>(given: T, path: Path): T {
  const copy = structuredClone(given);
  let parent = copy as Record<string, unknown>;
  for (const name of path.slice(0, -1)) parent = parent[name] as Record<string, unknown>;
  const last = path.at(-1) as string;
  const value = parent[last];
  parent[last] = typeof value === 'number' ? value * 1.01 + 1 : 1;
  return copy;
}
