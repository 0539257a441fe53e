import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resumeSuite } from '../../src/suite/resume-suite.ts';
import { type SuiteDocument, withRun } from '../../src/suite/suite-document.ts';
import { freshDocument, measured, SUITE, validatedSuite } from './support.ts';

/** The first run is done, the second one failed. */
function begun(): SuiteDocument {
  const fresh = { ...freshDocument(), timestamp: '2025-12-31T00:00:00.000Z' };
  const [first, second] = fresh.runs;
  assert.ok(first !== undefined && second !== undefined);
  const failed = {
    ...second,
    status: 'failed' as const,
    error: { code: 'target' as const, message: 'x', hint: null },
  };
  const done = { ...first, status: 'done' as const, results: measured() };
  return validatedSuite(withRun(withRun(fresh, done), failed));
}

const resumed = (text: string, before: unknown = begun(), http?: string) =>
  resumeSuite(freshDocument(text, http), before, 'nightly.json');

test('runs that are done are kept, and all others begin anew', () => {
  const { runs, timestamp } = resumed(SUITE);
  assert.deepEqual(
    runs.map(({ status, error }) => [status, error]),
    [
      ['done', null],
      ['not_run', null],
      ['not_run', null],
    ],
  );
  assert.equal(runs[0]?.results?.operations.total, 10);
  assert.equal(timestamp, '2025-12-31T00:00:00.000Z');
});

test('a run that is not done may change, pauses may, and new runs may come', () => {
  const other = SUITE.replace('clients = 4', 'clients = 40').replace('cool_down = 5', 'cool_down = 6');
  const statuses = resumed(`${other}\n[[runs]]\nclients = 1`).runs.map(({ status }) => status);
  assert.deepEqual(statuses, ['done', 'not_run', 'not_run', 'not_run']);
});

test('a document that does not belong to the suite is refused, and the run that changed is named', () => {
  const refused = (message: RegExp, ...given: Parameters<typeof resumed>) =>
    assert.throws(() => resumed(...given), { code: 'usage', where: 'nightly.json', message });
  refused(/the run 'first' has changed since/, SUITE.replace('requests = 2', 'requests = 3'));
  refused(/the run 'first' has changed since/, SUITE.replace('requests = 2', 'requests = 2\nhit_rate = 0.7'));
  refused(/the run 'first' has changed since/, `${SUITE}\n[validation]\nmax_error_rate = 0.1`);
  refused(/the run 'first' has changed since/, `seed = 2\n${SUITE}`);
  refused(/its run 'first' is not in the suite any more/, SUITE.replace('"first"', '"other"'));
  refused(/of the suite 'Three', not 'Four'/, SUITE.replace('"Three"', '"Four"'));
  refused(/went to http:\/\/cache:7432, not to http:\/\/other:7432/, SUITE, begun(), 'http://other:7432');
  for (const before of [
    null,
    [],
    'x',
    {},
    measured(),
    { ...begun(), runs: [{}] },
    { ...begun(), schema_version: 2 },
  ])
    refused(/no document of a suite/, SUITE, before);
});
