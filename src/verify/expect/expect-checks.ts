import { checkEntries } from '../../check/check-entries.ts';
import { checkResults } from '../../check/check-results.ts';
import type { CheckEntry, ResultsDocument } from '../../results/document/results-document.ts';
import { judgeExpression } from '../../results/verdict/run-limits.ts';
import { type Expectations, exactly } from '../measure/expectations.ts';
import type { Leaves } from './document-leaves.ts';

/** What of a judged limit follows from the document; the rest is as it was given. */
const JUDGED = [
  'observed',
  'low',
  'high',
  'where',
  'why',
  'windows',
  'windows_not_passed',
  'status',
  'pass',
] as const;

/**
 * Each check again, from its expression and from the value that it names. That value is held against the operations by
 * itself; the expression is a fact of the run.
 */
export function expectChecks(leaves: Leaves, document: ResultsDocument, into: Expectations): void {
  for (const [number, check] of document.checks.entries()) {
    const path = `checks[${number}]`;
    if (check.status === undefined) {
      const { observed, pass } = judgeExpression(String(check.expr), (of) => numberIn(leaves, of));
      into.set(`${path}.observed`, exactly(observed));
      into.set(`${path}.pass`, exactly(pass));
    } else {
      const again = judgedAgain(check, document);
      for (const name of JUDGED) into.set(`${path}.${name}`, exactly(again[name]));
    }
  }
}

/** A run that was not valid is judged only where that was asked for: then one of its limits has a status. */
function judgedAgain(
  { expr, name, fails, required }: CheckEntry,
  document: ResultsDocument,
): Required<CheckEntry> {
  const judgeAnyway = document.checks.some(({ status = 'not judged' }) => status !== 'not judged');
  const limit = { holds: String(expr), name, fails: fails ?? undefined, required };
  const report = checkResults(document, { limits: [limit], judgeAnyway, takesUnreadable: true });
  return checkEntries(report)[0] as Required<CheckEntry>;
}

function numberIn(leaves: Leaves, path: string): number | null {
  const value = leaves.get(path);
  return typeof value === 'number' ? value : null;
}
