import type { Disposition, FailureCode } from '../replay/ports.ts';

/** Numbers in a replay log stand for these, from 0. Only ever append. */
export const DISPOSITIONS: readonly Disposition[] = [
  'ok',
  'error',
  'cut_off',
  'shed',
  'gate_timeout',
  'unsent',
];

/** The same for failures; '' is none. */
export const FAILURES: readonly (FailureCode | '')[] = [
  '',
  'timeout',
  'connect_failed',
  'connection_reset',
  'connection_closed',
  'bad_response',
  'bad_request',
  'tls',
  'cancelled',
  'other',
];

export const PROTOCOLS = ['', 'http', 'grpc'] as const;
