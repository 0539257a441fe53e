import type { Trace } from '../../trace/trace.ts';
import { linesText } from '../../visible-text.ts';
import { EXIT } from '../exit/exit-code.ts';
import { tell } from '../people/people.ts';

/** Prints a warning to stderr, quiet or not: what is lost is never lost in silence. */
export function printWarning(text: string): void {
  tell(linesText([`engram-trace: warning: ${text}`]));
}

/**
 * After all was read: prints what was wrong with the trace. What is whole has been used, but scripts must learn that
 * something was not: the exit code is 1, unless `--skip-damaged` says that this is known.
 */
export function reportWarnings(
  trace: Pick<Trace, 'warnings'>,
  flags: { skipDamaged?: boolean | undefined },
): void {
  for (const warning of trace.warnings) printWarning(warning);
  if (trace.warnings.length > 0 && !flags.skipDamaged) process.exitCode = EXIT.failed;
}
