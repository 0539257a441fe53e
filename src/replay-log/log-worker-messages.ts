import type { LogBlockMessage } from './log-block.ts';
import type { LogEnd, LogHeader, LogSeal } from './replay-log.ts';

/** What the writing thread gets at its start. */
export interface LogWorkerStart {
  path: string;
  force: boolean;
  header: LogHeader;
}

export type ToLogWorker =
  | { kind: 'block'; block: LogBlockMessage }
  | { kind: 'finish'; end: LogEnd }
  | { kind: 'close' }
  | { kind: 'abort' };

export interface LogFailure {
  code: string;
  message: string;
  where: string | undefined;
  hint: string | undefined;
  /** Where the beginning of the log was kept; undefined where it was not. */
  kept?: string | undefined;
}

export type FromLogWorker =
  | { kind: 'ready'; failure: LogFailure | undefined }
  /** A block is in the file (or lost, after a failure); its memory comes back. */
  | { kind: 'written'; memory: ArrayBuffer; entriesLost: number }
  | { kind: 'ended'; seal: LogSeal | undefined; failure: LogFailure | undefined };
