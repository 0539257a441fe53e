import assert from 'node:assert/strict';
import { replayExitCode } from '../../../src/cli/exit/replay-exit-code.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import type { FaultRun } from './fault-run.ts';

/** What a busy test machine may add to any run: never a fault of the plan, the counts or the order. */
const MACHINE = new Set([
  ...['generator_late_p99', 'generator_late_p50', 'gate_wait', 'drift', 'gaps', 'dispersion'],
  ...['event_loop_delay_p99', 'event_loop_stall', 'gc_pause', 'gc_share', 'steal', 'cpu_pressure'],
  ...['cpu_throttled', 'read_ahead_dry'],
]);
/** Those of them that can make a run invalid. */
const VOIDING = new Set(['generator_late_p99', 'generator_late_p50', 'event_loop_delay_p99', 'steal']);

/** How many: exactly, or from least to most. */
export type Count = number | readonly [least: number, most: number];

/** One row of the document's errors. */
export interface ExpectedError {
  code: string;
  op: string;
  count: Count;
  /** What the first one says. */
  example: RegExp;
}

export interface Expected {
  /** Operations that ended well. */
  ok: Count;
  /** The errors, and no others but those of a count from 0 on. */
  errors: readonly ExpectedError[];
  /** Reasons of the verdict, and no others but `never_left` where that is so, and those of a busy machine. */
  reasons?: readonly string[];
  /** Where anything was answered at all; else it is 1. */
  exitCode: number;
  neverLeft?: Count;
}

/** Holds a run to the promises of every run, and to what its faults must have come to. */
export function assertFaults(
  { document, warnings }: FaultRun,
  records: readonly TraceRecord[],
  expected: Expected,
): void {
  const { fidelity, summary } = document;
  assertClosed(document, records.length);
  const { accounting } = fidelity;
  const errors = asEndOfAny(document.errors, expected.errors);
  for (const error of expected.errors) assertError(errors, error, records);
  const wanted = new Set(expected.errors.map(({ code, op }) => `${code} ${op}`));
  const others = errors.filter(({ code, op }) => !wanted.has(`${code} ${op}`));
  assert.deepEqual(others, [], 'errors nobody caused');
  assertCount(accounting.ok, expected.ok, `ok, with ${JSON.stringify(document.errors)}`);
  assertCount(accounting.never_left, expected.neverLeft ?? 0, 'never left');
  const codes = fidelity.reasons.map(({ code }) => code);
  const isKept = (code: string): boolean => code === 'keepalive_closed' && errors !== document.errors;
  const own = codes.filter((code) => !MACHINE.has(code) && !isKept(code));
  const neverLeft = accounting.never_left > accounting.sent / 100 ? ['never_left'] : [];
  const wantedReasons = [...neverLeft, ...(expected.reasons ?? [])].sort();
  assert.deepEqual(own.sort(), wantedReasons, JSON.stringify(fidelity.reasons));
  const wantedCode = summary.without_answer === summary.total_operations ? 1 : expected.exitCode;
  const exitCode = replayExitCode(document, undefined);
  if (exitCode !== 98 || !codes.some((code) => VOIDING.has(code))) assert.equal(exitCode, wantedCode);
  assert.equal(summary.stop, 'end');
  for (const text of warnings) assert.doesNotMatch(text, /\n\s+at /, 'a stack trace');
}

/** planned = sent + shed + gate_timeout + unsent, sent = ok + errors + cut off, and every failure is in `errors`. */
export function assertClosed({ fidelity, errors, operations }: ResultsDocument, planned: number): void {
  const { accounting: sums } = fidelity;
  assert.equal(sums.closes, true, JSON.stringify(sums));
  assert.equal(sums.planned, planned);
  assert.equal(sums.sent + sums.shed + sums.gate_timeout + sums.unsent, planned, JSON.stringify(sums));
  assert.equal(sums.ok + sums.errors + sums.cut_off, sums.sent, JSON.stringify(sums));
  assert.equal(operations.failed, sums.errors + sums.cut_off);
  assert.equal(
    errors.reduce((sum, { count }) => sum + count, 0),
    operations.failed,
  );
  for (const { code, example, first_record } of errors) {
    assert.ok(example.length > 5, `${code}: '${example}'`);
    assert.match(first_record?.command ?? '', /^engram-trace inspect \S+ --record \d+$/, code);
  }
}

/** Ends of a connection without a byte of an answer: which one it is told as hangs on whether it had served before. */
const ENDS = new Set(['connection_reset', 'connection_closed']);

/**
 * Ends of kept connections counted with those of new ones of the same op, where an end is what is expected: which
 * connection an operation took is a matter of the moment. The very same list where there are none, or they are expected.
 */
function asEndOfAny(errors: Errors, expected: readonly ExpectedError[]): Errors {
  const told = new Set(expected.filter(({ code }) => code === 'keepalive_closed').map(({ op }) => op));
  const ends = expected.filter(({ code, op }) => ENDS.has(code) && !told.has(op));
  const codeOf = new Map(ends.map(({ op, code }) => [op, code]));
  const isOfKept = ({ code, op }: Errors[number]): boolean => code === 'keepalive_closed' && codeOf.has(op);
  if (!errors.some(isOfKept)) return errors;
  const sums = new Map<string, Errors[number]>();
  for (const error of errors) {
    const code = isOfKept(error) ? (codeOf.get(error.op) as string) : error.code;
    const known = sums.get(`${code} ${error.op}`);
    sums.set(`${code} ${error.op}`, { ...(known ?? error), code, count: (known?.count ?? 0) + error.count });
  }
  return [...sums.values()];
}

type Errors = ResultsDocument['errors'];

function assertError(
  errors: Errors,
  { code, op, count, example }: ExpectedError,
  records: readonly TraceRecord[],
): void {
  const found = errors.find((error) => error.code === code && error.op === op);
  assertCount(found?.count ?? 0, count, `${code} of ${op} in ${JSON.stringify(errors)}`);
  if (found === undefined) return;
  assert.match(found.example, example, `${code} of ${op}`);
  assert.equal(records[found.first_record?.number ?? -1]?.op, op);
}

function assertCount(actual: number, expected: Count, what: string): void {
  const [least, most] = typeof expected === 'number' ? [expected, expected] : expected;
  assert.ok(actual >= least && actual <= most, `${actual} instead of ${least} to ${most}: ${what}`);
}
