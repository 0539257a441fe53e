import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Limit } from './limit.ts';
import type { Observation } from './observation.ts';
import { observe } from './observe.ts';
import type { LimitWords } from './parse-limit.ts';
import { compares } from './spans.ts';

/** Whether a limit holds: surely, surely not, or not to be told from these data. */
export type Status = 'PASS' | 'INVESTIGATE' | 'FAIL';

/** One limit and what was seen. */
export interface Judgement {
  readonly limit: Limit;
  readonly status: Status;
  /** The span that decides: the worst of those the limit is about. */
  readonly seen: Observation;
  /** How many spans were looked at, and how many of them are no PASS. */
  readonly spans: number;
  readonly notPassed: number;
}

/**
 * Holds a document against a limit. PASS where the bounds of the value lie within the limit, FAIL where they lie beyond
 * it, INVESTIGATE between; what was not measured never passes.
 */
export function judgeLimit(limit: Limit, document: ResultsDocument): Judgement {
  const judged = observe(limit, document).map((seen) => ({ seen, status: statusOf(limit, seen) }));
  const order: readonly Status[] = ['FAIL', 'INVESTIGATE', 'PASS'];
  const sorted = judged.toSorted(
    (a, b) => order.indexOf(a.status) - order.indexOf(b.status) || worse(limit, a.seen, b.seen),
  );
  const [worst] = sorted;
  const seen = worst?.seen ?? { value: null, why: 'nothing was due then' };
  return {
    limit,
    status: worst?.status ?? 'INVESTIGATE',
    seen,
    spans: judged.length,
    notPassed: judged.filter(({ status }) => status !== 'PASS').length,
  };
}

/** What comes of a limit that a document can't be held against, and why that is so. */
export function notReadable(
  { holds, name = holds, fails, required = true }: LimitWords,
  why: string,
): Judgement {
  const limit: Limit = {
    ...{ text: holds, name, fails, isRequired: required, comparison: '<', scope: { kind: 'whole' } },
    ...{
      metric: { kind: 'number', path: [] },
      quantity: 'count',
      value: Number.NaN,
      failsBeyond: Number.NaN,
    },
  };
  return { limit, status: 'INVESTIGATE', seen: { value: null, why }, spans: 1, notPassed: 1 };
}

function statusOf(limit: Limit, { value, bounds }: Observation): Status {
  if (value === null || bounds === undefined) return 'INVESTIGATE';
  const { low, high } = bounds;
  const isUpper = limit.comparison[0] === '<';
  const [best, worst] = isUpper ? [low, high] : [high, low];
  if (compares(limit.comparison, worst, limit.value)) return 'PASS';
  return compares(limit.comparison, best, limit.failsBeyond) ? 'INVESTIGATE' : 'FAIL';
}

/** Negative where `a` is further on the bad side; what has no value comes last. */
function worse({ comparison }: Limit, a: Observation, b: Observation): number {
  const sign = comparison[0] === '<' ? 1 : -1;
  const of = ({ value }: Observation): number => (value === null ? Number.NEGATIVE_INFINITY : sign * value);
  return of(b) - of(a) || 0;
}
