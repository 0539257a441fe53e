import type { StatusComparison } from '../answers/status-comparison.ts';
import type { ResultsRecorder } from '../tally/results-recorder.ts';
import { finite } from './percentiles.ts';
import type { StatusClassCounts, StatusClassesSection } from './results-document.ts';

/** Says how the classes of the answers differ from those recorded, in total and for each operation name. */
export function statusClassesSection(recorder: ResultsRecorder): StatusClassesSection {
  const ops = recorder.ops.entries();
  const changes = ops.flatMap(([op, { statuses }]) => statuses.changes.map((change) => ({ op, ...change })));
  return {
    recorded_unknown: recorder.recordedStatusUnknown,
    overall: counts(recorder.overall.statuses),
    ops: Object.fromEntries(ops.map(([op, { statuses }]) => [op, counts(statuses)])),
    // By op and by the names of the classes already, where there are equally many.
    changes: changes.sort((a, b) => b.count - a.count),
  };
}

function counts({ compared, mismatches, mismatchShare }: StatusComparison): StatusClassCounts {
  return { compared, mismatches, mismatch_rate: finite(mismatchShare) };
}
