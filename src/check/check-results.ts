import { EngramTraceError } from '../error.ts';
import { asResults, readingResults } from '../results/document/as-results.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { type Judgement, judgeLimit, notReadable, type Status } from './judge-limit.ts';
import type { Limit } from './limit.ts';
import { heldInstead, type LimitWords, parseFailIf, parseLimit } from './parse-limit.ts';

/** What a document is held against. */
export interface Wanted {
  readonly limits: readonly LimitWords[];
  /** What must not be: `latency.overall.p99 > 10ms`. */
  readonly failIf?: readonly string[] | undefined;
  /** Judge a run that was not valid too. */
  readonly judgeAnyway?: boolean | undefined;
  /**
   * A limit that can't be read is one that can't be judged, and nothing is thrown: right after a run, whose results must
   * not be lost with it.
   */
  readonly takesUnreadable?: boolean | undefined;
}

/** What came of it. */
export interface CheckReport {
  /** `NOT JUDGED`: the run was not valid, so that its numbers prove nothing. */
  readonly status: Status | 'NOT JUDGED';
  readonly verdict: ResultsDocument['fidelity']['verdict'];
  readonly judgements: readonly Judgement[];
  /** A limit that has to hold could not be judged: that never counts as held. */
  readonly isUnproven: boolean;
}

/**
 * Holds a results document against limits; `document` is what JSON.parse gave. Throws `bad_record` for what is no results
 * document, and `usage` for a limit that can't be read or names no number of it.
 */
export function checkResults(document: unknown, wanted: Wanted): CheckReport {
  const { limits, failIf = [], judgeAnyway, takesUnreadable } = wanted;
  const results = asResults(document);
  if (limits.length + failIf.length === 0)
    throw new EngramTraceError('usage', 'there is no limit to hold it against');
  const readings = [
    ...limits.map((words) => ({ words, read: () => parseLimit(words, results) })),
    ...failIf.map((text) => ({
      words: { holds: heldInstead(text) },
      read: () => parseFailIf(text, results),
    })),
  ];
  const judge = (limit: Limit): Judgement => readingResults(() => judgeLimit(limit, results));
  const judgements = takesUnreadable
    ? readings.map(({ words, read }) => readableOrNot(words, () => judge(read())))
    : readings.map(({ read }) => read()).map(judge);
  const { verdict } = results.fidelity;
  const isUnproven = judgements.some(({ limit, seen }) => limit.isRequired && seen.value === null);
  if (verdict === 'invalid' && judgeAnyway !== true)
    return { status: 'NOT JUDGED', verdict, judgements, isUnproven };
  const deciding = judgements.filter(({ limit, seen }) => limit.isRequired || seen.value !== null);
  const has = (status: Status): boolean => deciding.some((each) => each.status === status);
  const status = has('FAIL') ? 'FAIL' : has('INVESTIGATE') ? 'INVESTIGATE' : 'PASS';
  return { status, verdict, judgements, isUnproven };
}

function readableOrNot(words: LimitWords, judge: () => Judgement): Judgement {
  try {
    return judge();
  } catch (thrown) {
    const { message, hint } = EngramTraceError.from(thrown, 'usage');
    return notReadable(words, hint === undefined ? message : `${message} (${hint})`);
  }
}
