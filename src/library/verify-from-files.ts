import { type Verification, verifyReplay } from '../verify/verify-replay.ts';
import { inOptionWords } from './in-option-words.ts';
import { type TraceInput, withTrace } from './with-trace.ts';

/**
 * Recomputes every number of a results document that its replay log can prove, from the operations alone, and compares.
 * With the trace, named or open, it also proves that each of its records was sent once, when it was planned. Rejects
 * with `not_a_trace` for a file that is no replay log, and with `bad_record` for a document that is none.
 */
export function verifyFromFiles(
  replayLog: string,
  document: unknown,
  trace?: TraceInput | undefined,
): Promise<Verification> {
  return inOptionWords(() =>
    trace === undefined
      ? verifyReplay(replayLog, document)
      : withTrace(trace, (opened) => verifyReplay(replayLog, document, opened)),
  );
}
