import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suiteExitCode } from '../../src/cli/exit/suite-exit-code.ts';
import { suiteTable } from '../../src/cli/text/suite-text.ts';
import { EngramTraceError } from '../../src/error.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { playSuite, type SuitePlayer } from '../../src/suite/play-suite.ts';
import type { SuiteDocument } from '../../src/suite/suite-document.ts';
import { freshDocument, measured, SUITE, suiteOf, validatedSuite } from './support.ts';

/** Plays what is told of each run, and writes down what was done in which order. */
function playerOf(results: Record<string, ResultsDocument | Error>) {
  const done: string[] = [];
  const saved: SuiteDocument[] = [];
  const state = { isStopped: false };
  const player: SuitePlayer = {
    play: async ({ name }) => {
      done.push(`play ${name}`);
      const result = results[name] ?? measured();
      if (result instanceof Error) throw result;
      if (result.summary.stop === 'interrupted') state.isStopped = true;
      return result;
    },
    pause: async (ns) => void done.push(`pause ${ns / 1e9}`),
    save: async (document) => void saved.push(validatedSuite(document)),
    isStopped: () => state.isStopped,
  };
  return { player, done, saved, state };
}

const statuses = ({ runs }: SuiteDocument) => runs.map(({ status }) => status);
const DOWN = new EngramTraceError('target', 'nobody listens there', {
  where: 'http://cache:7432',
  hint: 'start it',
});
const INTERRUPTED = measured(0);
INTERRUPTED.summary.stop = 'interrupted';

test('runs are played in their order with pauses between them, and the document is whole after each', async () => {
  const { player, done, saved } = playerOf({});
  const document = await playSuite(suiteOf(SUITE), freshDocument(), player);
  assert.deepEqual(done, ['play first', 'pause 5', 'play second', 'pause 5', 'play third']);
  assert.deepEqual(saved.map(statuses), [
    ['done', 'not_run', 'not_run'],
    ['done', 'done', 'not_run'],
    ['done', 'done', 'done'],
  ]);
  assert.deepEqual(validatedSuite(document), saved[2]);
  assert.equal(document.runs[1]?.results?.operations.total, 10);
});

test('a suite goes on after a run that failed, and tells why in its row', async () => {
  const { player, done } = playerOf({ first: DOWN, third: measured(10) });
  const document = await playSuite(suiteOf(SUITE), freshDocument(), player);
  assert.deepEqual(
    done.filter((step) => step.startsWith('play')),
    ['play first', 'play second', 'play third'],
  );
  // Every operation was answered, if by a refusal: that is a measurement.
  assert.deepEqual(statuses(document), ['failed', 'done', 'done']);
  assert.deepEqual(document.runs[0]?.error, {
    code: 'target',
    message: 'http://cache:7432: nobody listens there',
    hint: 'start it',
  });
  assert.equal(suiteExitCode(document, undefined), 1);
  const table = suiteTable(document).join('\n');
  assert.match(table, /^first +3 clients +- .* failed +-$/m);
  assert.match(table, /^first: http:\/\/cache:7432: nobody listens there \(start it\)$/m);
  assert.match(table, /^third +5 clients, 20\/s +10 +10 /m);
});

test('a run that nobody answered has failed, with what was measured', async () => {
  const unanswered = measured();
  unanswered.summary.without_answer = unanswered.summary.total_operations;
  const { player } = playerOf({ second: unanswered });
  const { runs } = await playSuite(suiteOf(SUITE), freshDocument(), player);
  assert.deepEqual([runs[1]?.status, runs[1]?.error?.message], ['failed', 'no operation got an answer']);
  assert.equal(runs[1]?.results?.operations.total, 10);
});

test('a signal ends the run that goes on and keeps what was measured; the others are not run', async () => {
  const { player, done } = playerOf({ second: INTERRUPTED });
  const document = await playSuite(suiteOf(SUITE), freshDocument(), player);
  assert.deepEqual(done, ['play first', 'pause 5', 'play second']);
  assert.deepEqual(statuses(document), ['done', 'interrupted', 'not_run']);
  assert.equal(document.runs[1]?.results?.operations.total, 10);
  assert.equal(suiteExitCode(document, 'SIGINT'), 130);
  assert.match(suiteTable(document).join('\n'), /^third .* not run +-$/m);
});

test('a signal in a pause begins no other run, and one before the clock starts is no failure', async () => {
  const paused = playerOf({});
  paused.player.pause = async () => {
    paused.state.isStopped = true;
  };
  const first = await playSuite(suiteOf(SUITE), freshDocument(), paused.player);
  assert.deepEqual(statuses(first), ['done', 'not_run', 'not_run']);
  const early = playerOf({});
  early.player.play = async () => {
    early.state.isStopped = true;
    throw new EngramTraceError('target', 'stopped while the memories were stored');
  };
  const none = await playSuite(suiteOf(SUITE), freshDocument(), early.player);
  assert.deepEqual(statuses(none), ['interrupted', 'not_run', 'not_run']);
});

test('what is done is not run again, and what is not wanted is not run', async () => {
  const begun = await playSuite(suiteOf(SUITE), freshDocument(), playerOf({ second: DOWN }).player);
  const again = playerOf({});
  const document = await playSuite(suiteOf(SUITE), begun, again.player);
  assert.deepEqual([again.done, statuses(document)], [['play second'], ['done', 'done', 'done']]);
  const one = playerOf({});
  const only = await playSuite(suiteOf(SUITE), freshDocument(), one.player, (name) => name === 'third');
  assert.deepEqual([one.done, statuses(only)], [['play third'], ['not_run', 'not_run', 'done']]);
});

test('the exit code is that of the worst run: failed, invalid, limits not held', async () => {
  const withVerdict = (verdict: 'valid' | 'degraded' | 'invalid', results: ResultsDocument) => ({
    ...results,
    fidelity: { ...results.fidelity, verdict },
  });
  const held = withVerdict('valid', measured(0, { limits: { errorRate: 0.5 } }));
  const notHeld = withVerdict('degraded', measured(2, { limits: { errorRate: 0.1 } }));
  const invalid = withVerdict('invalid', measured(2, { limits: { errorRate: 0.1 } }));
  const played = (results: Parameters<typeof playerOf>[0]) =>
    playSuite(suiteOf(SUITE), freshDocument(), playerOf(results).player);
  const all = { first: held, second: held, third: held };
  const codeOf = async (more: Parameters<typeof playerOf>[0]) =>
    suiteExitCode(await played({ ...all, ...more }), undefined);
  assert.equal(await codeOf({}), 0);
  assert.equal(await codeOf({ first: notHeld }), 99);
  assert.equal(await codeOf({ first: invalid, second: notHeld }), 98);
  assert.equal(await codeOf({ first: invalid, second: notHeld, third: DOWN }), 1);
  const table = suiteTable(await played({ ...all, first: notHeld, second: invalid })).join('\n');
  assert.match(table, /^first .* degraded +0 of 1 held$/m);
  assert.match(table, /^second .* invalid +not judged$/m);
  assert.match(table, /^first: NOT HELD {2}summary\.error_rate <= 0\.1 \(0\.2\)$/m);
  assert.doesNotMatch(table, /^second: NOT HELD/m);
});
