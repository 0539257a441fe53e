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

/** The same for failures; '' is none, `no_outcome` that nobody told (the thread that sent it died). */
export const FAILURES: readonly (FailureCode | '' | 'no_outcome')[] = [
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
  'no_outcome',
  'keepalive_closed',
];

export const PROTOCOLS = ['', 'http', 'grpc'] as const;
