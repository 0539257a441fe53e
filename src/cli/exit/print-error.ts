import { EngramTraceError } from '../../error.ts';
import { visibleText } from '../../visible-text.ts';
import { tell } from '../people/people.ts';
import { type ExitCode, exitCodeOf } from './exit-code.ts';

/** Text for people: what went wrong and where, then what to do about it. At most two lines. */
export function errorText(error: EngramTraceError): string {
  const where = error.where === undefined ? '' : `${error.where}: `;
  const hint = error.hint === undefined ? '' : `\n  ${sentence(error.hint)}`;
  return `engram-trace: ${oneLine(where + error.message)}${hint}\n`;
}

/** Prints anything thrown to stderr and returns the exit code; a stack only where ENGRAM_TRACE_DEBUG asks for it. */
export function printError(thrown: unknown): ExitCode {
  const error = understood(thrown);
  tell(errorText(error));
  if (process.env['ENGRAM_TRACE_DEBUG']) tell(`${stacks(thrown)}\n`);
  return exitCodeOf(error.code);
}

function understood(thrown: unknown): EngramTraceError {
  if (thrown instanceof EngramTraceError) return thrown;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return EngramTraceError.from(thrown, 'io');
  return EngramTraceError.from(thrown, 'internal', {
    where: 'unexpected error',
    hint: 'this is a bug in engram-trace; run it again with ENGRAM_TRACE_DEBUG=1 to see where',
  });
}

/** Hints are written as they come; names of ours keep their small letters. */
function sentence(hint: string): string {
  const start = /^(engram-trace|known:)/.test(hint) ? hint.charAt(0) : hint.charAt(0).toUpperCase();
  return `${start}${oneLine(hint.slice(1))}${/[.?!]$/.test(hint) ? '' : '.'}`;
}

function oneLine(text: string): string {
  return visibleText(text.replaceAll(/\s*\n\s*/g, ' '));
}

function stacks(thrown: unknown): string {
  const parts: string[] = [];
  for (let error = thrown; error instanceof Error && parts.length < 5; error = error.cause) {
    parts.push(error.stack ?? error.message);
  }
  return parts.join('\ncaused by ');
}
