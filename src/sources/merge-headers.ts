import type { TraceHeader } from '../trace/record/record.ts';

type MergedFacts = Pick<TraceHeader, 'resolutionNs' | 'origins' | 'redacted' | 'dialect' | 'notes' | 'runId'>;

/** What several headers say together, as far as it does not depend on their times. */
export function mergeHeaders(headers: readonly TraceHeader[]): MergedFacts {
  const dialects = unique(headers.map(({ dialect }) => dialect));
  const runs = unique(headers.map(({ runId }) => runId));
  const dialectNote = `operations were named by several dialects: ${dialects.join(', ')}`;
  return {
    resolutionNs: Math.max(1, ...headers.map(({ resolutionNs }) => resolutionNs)),
    origins: unique(headers.flatMap(({ origins }) => origins)),
    redacted: unique(headers.flatMap(({ redacted }) => redacted)),
    dialect: dialects.length === 1 ? (dialects[0] ?? 'generic') : 'generic',
    notes: unique([...headers.flatMap(({ notes }) => notes), ...(dialects.length > 1 ? [dialectNote] : [])]),
    runId: runs.length === 1 ? (runs[0] ?? '') : '',
  };
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
