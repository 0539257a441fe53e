import type { CheckEntry, ResultsDocument } from '../results/document/results-document.ts';
import { checkEntries } from './check-entries.ts';
import { checkResults, type Wanted } from './check-results.ts';
import { checkReportText } from './checklist.ts';
import { refuseUnreadable, type WantedAhead } from './refuse-unreadable.ts';

/** Holds the results of a run against limits that were given before it. */
export interface RunJudge {
  /** Judges a document that is whole; the lines are for its `checks`. */
  judge(document: ResultsDocument): CheckEntry[];
  /** The checklist for people; undefined where nothing was judged yet. */
  text(): string | undefined;
}

/** Takes the limits of a run. Throws `usage` for one that no results could be held against: an hour later is too late. */
export function createRunJudge(wanted: Wanted & WantedAhead): RunJudge {
  refuseUnreadable(wanted);
  let shown: string | undefined;
  return {
    judge: (document) => {
      const report = checkResults(document, { ...wanted, takesUnreadable: true });
      shown = checkReportText(report);
      return checkEntries(report);
    },
    text: () => shown,
  };
}
