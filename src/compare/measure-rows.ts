import type { ResultsDocument } from '../results/document/results-document.ts';
import { neededOperations } from '../statistics/needed-operations.ts';
import { bootstrapChanges, type LogChange, type WindowPairs } from './bootstrap-changes.ts';
import { pairWindows } from './pair-windows.ts';
import type { HistogramWindow } from './summed-windows.ts';
import { wholeChange } from './whole-changes.ts';

/** One percentile of one op (or of all) in both runs. */
export interface BothValues {
  readonly op: string;
  /** 0 to 1. */
  readonly quantile: number;
  readonly baselineMs: number;
  readonly currentMs: number;
}

/** The same with how it changed. */
export interface Row extends BothValues {
  readonly change: LogChange;
  /** Degrees of freedom of its spread. */
  readonly degrees: number;
}

/** A percentile that was not compared. */
export interface LeftRow {
  readonly op: string;
  readonly quantile: number;
  readonly why: string;
}

/** What could be measured of two runs. */
export interface Rows {
  readonly rows: readonly Row[];
  readonly left: readonly LeftRow[];
  /** Some rows are not from pairs of windows: the runs are too short for that. */
  readonly areWhole: boolean;
}

const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];
/** Of a sample that is only bounded by itself. */
const MANY_DEGREES = 1e6;

/** Measures the changes of all percentiles that enough operations carry, of all operations and of each op. */
export function measureRows(before: ResultsDocument, after: ResultsDocument, seed: number): Rows {
  const rows: Row[] = [];
  const left: LeftRow[] = [];
  let areWhole = false;
  for (const op of opsOf(before, after)) {
    const carried = carriedIn(before, after, op, left);
    const pairs = pairWindows(windowsOf(before, op), windowsOf(after, op));
    if (pairs !== undefined) rows.push(...pairedRows(pairs, op, carried, seed));
    else {
      areWhole = true;
      for (const quantile of carried) {
        const whole = wholeChange(before, after, op, quantile);
        if (whole === undefined) left.push({ op, quantile, why: 'too few operations bound it' });
        else rows.push({ op, quantile, ...whole, degrees: MANY_DEGREES });
      }
    }
  }
  return { rows, left, areWhole };
}

/** Of one op alone the windows of all operations say the same, more finely. */
function opsOf(before: ResultsDocument, after: ResultsDocument): string[] {
  const ops = Object.keys(before.op_windows ?? {}).filter((op) => Object.hasOwn(after.op_windows ?? {}, op));
  return ['overall', ...(ops.length > 1 ? ops : [])];
}

function carriedIn(before: ResultsDocument, after: ResultsDocument, op: string, left: LeftRow[]): number[] {
  const count = Math.min(...[before, after].map(({ latency }) => latency[op]?.count ?? 0));
  return QUANTILES.filter((quantile) => {
    const needed = neededOperations(quantile);
    if (count >= needed) return true;
    left.push({ op, quantile, why: `${count} operations, and it needs ${needed.toLocaleString('en')}` });
    return false;
  });
}

function pairedRows(pairs: WindowPairs, op: string, carried: readonly number[], seed: number): Row[] {
  const degrees = Math.floor(pairs.pairs / pairs.blockPairs) - 1;
  return bootstrapChanges(pairs, carried, seed).map((change, i) => {
    const quantile = carried[i] as number;
    const [baselineMs, currentMs] = [pairs.baseline, pairs.current].map((counts) => {
      const sum = counts.room();
      counts.addRun(0, pairs.pairs, sum);
      return (counts.quantilesNs(sum, [quantile])[0] as number) / 1e6;
    }) as [number, number];
    return { op, quantile, baselineMs, currentMs, change, degrees };
  });
}

function windowsOf(document: ResultsDocument, op: string): readonly HistogramWindow[] {
  return op === 'overall' ? document.windows : (document.op_windows[op] ?? []);
}
