/** What kind of thing went wrong; `cli/exit-code.ts` maps each to an exit code. */
export type ErrorCode =
  | 'usage' // wrong flag, impossible time, output that exists
  | 'not_a_trace'
  | 'unsupported_version'
  | 'unsupported' // nothing is wrong with it, but it is not read
  | 'corrupt' // damaged bytes in a file of ours
  | 'bad_record' // a record, or a line of NDJSON, that makes no sense
  | 'empty' // nothing to work on
  | 'io' // the file system or a pipe
  | 'target' // the server under test, or the upstream
  | 'missing_zstd'
  | 'internal';

export interface ErrorDetails {
  /** File, block or record, for example `prod.trace.zst, block 12, record 3`. */
  readonly where?: string | undefined;
  /** What the user can do about it, one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class: a broken tool, file or target. A failed operation is data (an outcome), not an error. */
export class EngramTraceError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'EngramTraceError';
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
  }

  /** Wraps anything thrown; an error of ours passes through unchanged. */
  static from(thrown: unknown, code: ErrorCode = 'internal', details: ErrorDetails = {}): EngramTraceError {
    if (thrown instanceof EngramTraceError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new EngramTraceError(code, message, { ...details, cause: thrown });
  }
}
