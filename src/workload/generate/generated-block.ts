import type { ErrorCode } from '../../error.ts';
import type { SeededScenario } from './record-batches.ts';

/** What the thread that makes records starts with. */
export interface GeneratorWork extends SeededScenario {
  readonly epochUnixNs: bigint;
}

/** What it is told: one more block is wanted. */
export type ToGenerator = 'next';

/** What it tells: a block of the trace format (with its length in front), or how it ended. */
export type FromGenerator =
  | { readonly kind: 'block'; readonly raw: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly error: GeneratorError };

/** An error of ours on its way from thread to thread. */
export interface GeneratorError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
}
