import { EngramTraceError } from '../error.ts';
import { asResults, readingResults } from '../results/document/as-results.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { holmRejects } from '../statistics/holm.ts';
import { studentQuantile, twoSidedStudentP } from '../statistics/student.ts';
import type { LogChange } from './bootstrap-changes.ts';
import { type BothValues, type LeftRow, measureRows, type Row } from './measure-rows.ts';

/** How a comparison is to be made. */
export interface CompareOptions {
  /** Compare runs of different plans: pairs of windows were then not offered the same load. */
  readonly differentPlans?: boolean | undefined;
  /** What is slower by no more than this share is no regression: 0.05 is 5 %. */
  readonly tolerance?: number | undefined;
  /** Two runs of one server may differ as much as these two do, which are of the same: what they differ by is no change. */
  readonly again?: unknown;
  readonly seed?: number | undefined;
}

/** One percentile of one op (or of all) in both runs, judged. */
export interface Change extends BothValues {
  /** current / baseline - 1, and where it lies with 95 % confidence. */
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
  readonly answer: 'worse' | 'better' | 'no change shown';
  /** The change is worse, and beyond the tolerance. */
  readonly isRegression: boolean;
  /** The smallest slowdown that this pair would have shown four times in five. */
  readonly smallest: number;
}

/** What two runs say of each other. */
export interface Comparison {
  readonly changes: readonly Change[];
  /** Percentiles that were not compared, and why. */
  readonly left: readonly LeftRow[];
  readonly isRegression: boolean;
  /** Sentences that take from what the comparison is worth. */
  readonly doubts: readonly string[];
}

/** What two samples leave out that pairs of windows have in them. */
const SHORT =
  'the runs share less than a minute, so each is taken as one sample: what moved from one to the other beside the server (the machine, the load) is not in the bounds';
/** Over all percentiles and ops together. */
const ALPHA = 0.01;
/** How often the smallest change that is told would be shown. */
const POWER = 0.8;

const CLOSED_LOOP =
  'clients waited for their answers: a slower server was asked less, and looks better than to users who do not wait';

/**
 * Holds the response times of one run against those of another of the same plan: percentile by percentile and op by op,
 * by the windows that both have. Throws `usage` for runs of different plans unless that is wanted, and `bad_record` for
 * what is no results document.
 */
export function compareResults(
  baseline: unknown,
  current: unknown,
  options: CompareOptions = {},
): Comparison {
  const [before, after] = [asResults(baseline, 'the baseline'), asResults(current, 'the current results')];
  if (before.plan.digest !== after.plan.digest && options.differentPlans !== true) {
    throw new EngramTraceError(
      'usage',
      'the two are of different plans: they were not offered the same load',
      {
        hint: 'replay the same trace with the same options, or --different-plans',
      },
    );
  }
  const { rows, left, areWhole } = readingResults(() => measureRows(before, after, options.seed ?? 1));
  const floor =
    options.again === undefined
      ? undefined
      : floorOf(before, asResults(options.again, 'the second baseline'), options);
  const changes = judged(rows, floor, options.tolerance ?? 0);
  return {
    changes,
    left,
    isRegression: changes.some((each) => each.isRegression),
    doubts: [...doubtsOf(before, after), ...(areWhole ? [SHORT] : [])],
  };
}

/** By how much two runs of one server differ in each percentile, as |ln|. */
function floorOf(
  before: ResultsDocument,
  again: ResultsDocument,
  options: CompareOptions,
): Map<string, number> {
  const { rows } = readingResults(() => measureRows(before, again, options.seed ?? 1));
  return new Map(rows.map(({ op, quantile, change }) => [keyOf(op, quantile), Math.abs(change.value)]));
}

function judged(rows: readonly Row[], floor: Map<string, number> | undefined, tolerance: number): Change[] {
  const floors = rows.map(({ op, quantile }) => floor?.get(keyOf(op, quantile)) ?? 0);
  const ps = rows.map(({ change, degrees }, i) => pOf(change, degrees, floors[i] as number));
  const rejects = holmRejects(ps, ALPHA);
  return rows.map((row, i) => {
    const { change, degrees } = row;
    const isShown = rejects[i] === true;
    const answer = isShown ? (change.value > 0 ? 'worse' : 'better') : 'no change shown';
    const reach = studentQuantile(1 - ALPHA / rows.length / 2, degrees) + studentQuantile(POWER, degrees);
    const growth = Math.expm1(change.value);
    return {
      ...{ op: row.op, quantile: row.quantile, baselineMs: row.baselineMs, currentMs: row.currentMs },
      ...{
        change: growth,
        low: Math.expm1(change.low),
        high: Math.expm1(change.high),
        p: ps[i] as number,
        answer,
      },
      isRegression: answer === 'worse' && growth > tolerance,
      smallest: Math.expm1(reach * change.spread + (floors[i] as number)),
    };
  });
}

/** How likely chance alone makes a change beyond the floor as large. */
function pOf({ value, spread }: LogChange, degrees: number, floor: number): number {
  const beyond = Math.max(0, Math.abs(value) - floor);
  if (spread === 0) return beyond === 0 ? 1 : 0;
  return twoSidedStudentP(beyond / spread, degrees);
}

function keyOf(op: string, quantile: number): string {
  return `${quantile} ${op}`;
}

function doubtsOf(before: ResultsDocument, after: ResultsDocument): string[] {
  const named = [
    ['the baseline', before],
    ['the current run', after],
  ] as const;
  const verdicts = named
    .filter(([, { fidelity }]) => fidelity.verdict !== 'valid')
    .map(([name, { fidelity }]) => {
      const codes = fidelity.reasons.map(({ code }) => code).join(', ');
      return `${name} was ${fidelity.verdict} (${codes})`;
    });
  const keys = ['cpu_model', 'cpus', 'node_version'] as const;
  const other = keys.filter((key) => before.host[key] !== after.host[key]);
  const hosts =
    other.length === 0 ? [] : [`they were measured from different machines (${other.join(', ')})`];
  // A closed loop offers less where the server is slower: pairs of windows are then of unlike loads.
  const closed = before.closed_loop || after.closed_loop ? [CLOSED_LOOP] : [];
  return [...verdicts, ...closed, ...hosts];
}
