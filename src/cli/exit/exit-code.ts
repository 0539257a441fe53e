import { constants } from 'node:os';
import type { ErrorCode } from '../../error.ts';

/** Every exit code of the program, by meaning; after a signal it is `exitCodeOfSignal`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  regression: 3,
  invalidReplay: 98,
  limitsNotMet: 99,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_ERROR: Record<ErrorCode, ExitCode> = {
  usage: EXIT.usage,
  not_a_trace: EXIT.failed,
  unsupported_version: EXIT.failed,
  unsupported: EXIT.failed,
  corrupt: EXIT.failed,
  bad_record: EXIT.failed,
  empty: EXIT.failed,
  io: EXIT.failed,
  target: EXIT.failed,
  missing_zstd: EXIT.failed,
  internal: EXIT.failed,
};

/** The exit code that an error leads to. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return BY_ERROR[code];
}

/** Exit code after a signal that ended the command early: 128 and its number, so 129, 130, 131, 143. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
