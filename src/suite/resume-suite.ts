import { EngramTraceError } from '../error.ts';
import type { SuiteDocument, SuiteRunEntry } from './suite-document.ts';

/**
 * What an earlier document of the same suite holds goes into a new one: its runs that are done. Throws `usage` where
 * `before` is none, is of another suite or target, or where a run has changed since: numbers of different things would
 * stand in one table.
 */
export function resumeSuite(fresh: SuiteDocument, before: unknown, where: string): SuiteDocument {
  const refuse = (message: string, hint = '--force begins anew'): EngramTraceError =>
    new EngramTraceError('usage', message, { where, hint });
  if (!isSuiteDocument(before)) throw refuse('this is no document of a suite');
  const { suite, targets } = fresh;
  if (before.suite.name !== suite.name)
    throw refuse(`this is of the suite '${before.suite.name}', not '${suite.name}'`);
  const [went, goes] = [namesOf(before.targets), namesOf(targets)];
  if (went !== goes) throw refuse(`its runs went to ${went}, not to ${goes}`);
  const done = before.runs.filter(({ status }) => status === 'done');
  for (const { name, digest } of done) {
    const now = fresh.runs.find((run) => run.name === name);
    if (now === undefined) throw refuse(`its run '${name}' is not in the suite any more`);
    if (now.digest !== digest) throw refuse(`the run '${name}' has changed since it was run`);
  }
  const asDone = (run: SuiteRunEntry): SuiteRunEntry => done.find(({ name }) => name === run.name) ?? run;
  return { ...fresh, timestamp: before.timestamp, runs: fresh.runs.map(asDone) };
}

function namesOf(targets: SuiteDocument['targets']): string {
  return targets.flatMap(({ http, grpc }) => [http, grpc].filter((url) => url !== null)).join(' and ');
}

function isSuiteDocument(value: unknown): value is SuiteDocument {
  const { schema_version, kind, suite, targets, runs } = (value ?? {}) as Partial<SuiteDocument>;
  return (
    schema_version === 1 &&
    kind === 'suite' &&
    typeof suite?.name === 'string' &&
    Array.isArray(targets) &&
    targets.every((target) => typeof target === 'object' && target !== null) &&
    Array.isArray(runs) &&
    runs.every((run) => typeof run?.name === 'string' && typeof run.digest === 'string')
  );
}
