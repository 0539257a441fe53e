import {
  countClamped,
  expectHistogram,
  expectPercentiles,
  type SortedTimes,
} from '../measure/exact-times.ts';
import { type Expectations, exactly, expectAll } from '../measure/expectations.ts';
import { collectTimes, type GroupedTimes } from '../measure/grouped-times.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import type { OpNames } from '../measure/op-names.ts';
import { expectEndless } from './expect-endless.ts';
import { expectStreams } from './expect-streams.ts';

const MS = 1e6;
const US = 1e3;

interface Kind {
  /** Where the document has it, and in what unit. */
  sections: readonly { path: string; unitNs: number }[];
  /** Its key under `histograms`, and whether there is one for each op. */
  histogram: string;
  perOp: boolean;
  timeOf(row: LogRow): number;
}

/** A time that counts only for operations that left and have a response time. */
function ofAnswered(timeOf: (row: LogRow) => number): (row: LogRow) => number {
  return (row) => (Number.isNaN(row.responseNs) || !row.isSent ? Number.NaN : timeOf(row));
}

const firstAnswer = (row: LogRow): number => row.firstAnswerNs - row.sentNs;
const firstAnswerOfAnswered = ofAnswered(firstAnswer);

const KINDS: readonly Kind[] = [
  {
    sections: [{ path: 'latency', unitNs: MS }],
    histogram: 'response',
    perOp: true,
    timeOf: (row) => row.responseNs,
  },
  {
    sections: [{ path: 'service_latency', unitNs: MS }],
    histogram: 'service',
    perOp: true,
    timeOf: ofAnswered((row) => row.doneNs - row.sentNs),
  },
  {
    sections: [{ path: 'first_answer_latency', unitNs: MS }],
    histogram: 'first_answer',
    perOp: false,
    timeOf: (row) => (row.hasNoDuration ? firstAnswer(row) : firstAnswerOfAnswered(row)),
  },
  {
    sections: [{ path: 'recorded_latency', unitNs: MS }],
    histogram: 'recorded',
    perOp: true,
    timeOf: ofAnswered((row) => row.recordedDurationNs),
  },
  {
    sections: [{ path: 'fidelity.send_error_us', unitNs: US }],
    histogram: 'send_error',
    perOp: true,
    timeOf: (row) => row.sentNs - row.dueNs,
  },
  {
    sections: [{ path: 'fidelity.lateness_us', unitNs: US }],
    histogram: 'lateness',
    perOp: false,
    timeOf: (row) => row.sentNs - row.readyNs,
  },
  {
    sections: [{ path: 'fidelity.gate_wait_us', unitNs: US }],
    histogram: 'gate_wait',
    perOp: false,
    timeOf: (row) => (row.isSent ? row.readyNs - row.dueNs : Number.NaN),
  },
];

/** Every latency section, and those of streams and endless answers, from the operations themselves: sorted and counted, no histogram in between. */
export async function expectLatencies(table: LogTable, names: OpNames, into: Expectations): Promise<void> {
  const clamped = await expectStreams(table, names, into);
  const ofEndless = await expectEndless(table, names, into);
  clamped.below += ofEndless.below;
  clamped.above += ofEndless.above;
  for (const kind of KINDS) {
    const outside = await expectKind(table, names, kind, into);
    clamped.below += outside.below;
    clamped.above += outside.above;
  }
  into.set('histograms.clamped_below', exactly(clamped.below));
  into.set('histograms.clamped_above', exactly(clamped.above));
}

/** A function of its own, so that the times of one kind are gone when the next are collected. */
async function expectKind(table: LogTable, names: OpNames, kind: Kind, into: Expectations) {
  const times = await collectTimes(table, names.keys.length, (row) => names.indexOf(row.op), kind.timeOf);
  for (const { path, unitNs } of kind.sections) expectSection(into, path, unitNs, times, names);
  expectHistograms(into, kind, times, names);
  if (kind.histogram === 'response') expectFlat(into, times.overall);
  if (kind.histogram === 'send_error') {
    expectAll(into, 'send_error_us', expectPercentiles(times.overall, US));
  }
  return countClamped(times.overall);
}

function expectSection(
  into: Expectations,
  path: string,
  unitNs: number,
  times: GroupedTimes,
  names: OpNames,
): void {
  expectAll(into, `${path}.overall`, expectPercentiles(times.overall, unitNs));
  names.keys.forEach((key, i) => {
    expectAll(into, `${path}.${key}`, expectPercentiles(times.group(i), unitNs));
  });
}

function expectHistograms(into: Expectations, kind: Kind, times: GroupedTimes, names: OpNames): void {
  const path = `histograms.${kind.histogram}`;
  expectHistogram(into, `${path}.overall`, times.overall);
  if (!kind.perOp) return;
  names.keys.forEach((key, i) => {
    expectHistogram(into, `${path}.${key}`, times.group(i));
  });
}

/** The six fields that scripts of old read. */
function expectFlat(into: Expectations, times: SortedTimes): void {
  const { min, mean, p50, p95, p99, max } = expectPercentiles(times, MS);
  const flat = { min_ms: min, avg_ms: mean, p50_ms: p50, p95_ms: p95, p99_ms: p99, max_ms: max };
  for (const [name, expectation] of Object.entries(flat)) {
    if (expectation !== undefined) into.set(`latency.${name}`, expectation);
  }
}
