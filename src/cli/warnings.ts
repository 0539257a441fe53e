import type { Trace } from '../trace/trace.ts';
import { EXIT } from './exit-code.ts';

/** Prints a warning to stderr, quiet or not: what is lost is never lost in silence. */
export function printWarning(text: string): void {
  process.stderr.write(`engram-trace: warning: ${text}\n`);
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
