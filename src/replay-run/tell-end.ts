import type { EngramTraceError } from '../error.ts';
import type { ReplayEnd } from '../replay/engine/replay-end.ts';
import { dangersText, leftOutText, UNPLAYABLE } from '../replay/left-out.ts';
import type { ResultsRecorder } from '../results/tally/results-recorder.ts';
import { dialectOf } from './options/record-predicate.ts';
import type { RunDeps, RunOptions } from './options/run-options.ts';

type Told = Pick<ResultsRecorder, 'redacted' | 'firstInSpace' | 'overall'>;

/** Tells people, in a sentence each, what ended a replay early and what was not sent as it was recorded. */
export function tellEnd(
  end: ReplayEnd,
  recorder: Told,
  run: Pick<RunOptions, 'trace' | 'http' | 'prepare'>,
  { warn }: Pick<RunDeps, 'warn'>,
): void {
  const { sourceError, senderError, accounting, excluded, dangers } = end;
  if (sourceError !== undefined) {
    warn(`stopped after ${accounting.planned} operations: ${oneLine(sourceError)}`);
  }
  if (senderError !== undefined) warn(`stopped: ${oneLine(senderError)}`);
  const unplayable = leftOutText(excluded, UNPLAYABLE);
  if (unplayable !== '') warn(`records left out, because nobody can play them as they were: ${unplayable}`);
  const dangerous = dangersText(dangers);
  if (dangerous !== '') {
    warn(
      `records left out, because they would harm the target: ${dangerous}; --include-dangerous sends them`,
    );
  }
  if (excluded.no_target > 0) {
    const [what, flag] = run.http === undefined ? ['HTTP', '--endpoint'] : ['gRPC', '--grpc-endpoint'];
    warn(`${what} records left out, because ${flag} was not given: ${excluded.no_target}`);
  }
  hintAtPrepare(recorder, run, warn);
  const { operations, names } = recorder.redacted;
  if (operations > 0)
    warn(`operations sent without what was redacted in the trace: ${operations} ${why(names)}`);
}

/** A fresh target that stalled for each new space says little of the server. */
function hintAtPrepare(
  { firstInSpace, overall }: Told,
  { trace, prepare }: Pick<RunOptions, 'trace' | 'prepare'>,
  warn: (text: string) => void,
): void {
  if (prepare || dialectOf(trace.header.dialect).spaces === undefined) return;
  const { spaces, longestNs } = firstInSpace.stalled(overall.service.percentileNs(50));
  if (spaces === 0) return;
  const longest = `${(longestNs / 1e9).toFixed(1)} s`;
  warn(
    `the first answer took up to ${longest} in ${spaces} ${spaces === 1 ? 'space' : 'spaces'}, far longer than the rest: ` +
      'a fresh target makes a space when it is first named; --prepare makes them before the clock starts',
  );
}

/** Says what operations were sent without, and what can be done about it. */
function why(names: readonly string[]): string {
  const hasHeader = names.some((name) => name.startsWith('header:'));
  return `(${names.join(', ')}${hasHeader ? '; -H gives headers' : ''})`;
}

/** Writes an error as one line. */
export function oneLine({ where, message, hint }: EngramTraceError): string {
  return `${where === undefined ? '' : `${where}: `}${message}${hint === undefined ? '' : ` (${hint})`}`;
}
