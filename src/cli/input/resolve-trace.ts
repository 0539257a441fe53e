import { EngramTraceError } from '../../error.ts';
import { linesText } from '../../visible-text.ts';
import { newestTrace } from '../flags/default-trace.ts';
import type { ReplayFlags } from '../flags/replay-flags.ts';
import { tell } from '../people/people.ts';

/** The flags with the trace that is meant: the argument, `--trace`, or the newest one, which is said. */
export async function resolveTrace<F extends ReplayFlags>(
  argument: string | undefined,
  flags: F,
): Promise<F & { trace: string }> {
  const { trace: flag, quiet } = flags;
  if (argument !== undefined && flag !== undefined && argument !== flag) {
    throw new EngramTraceError('usage', `two traces are named, '${argument}' and --trace '${flag}'`);
  }
  const named = argument ?? flag;
  if (named !== undefined) return { ...flags, trace: named };
  const trace = await newestTrace();
  if (!quiet) tell(linesText([`engram-trace: no trace is named: taking ${trace}, the newest there`]));
  return { ...flags, trace };
}
