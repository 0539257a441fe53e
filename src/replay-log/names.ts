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

/**
 * The same for failures; '' is none, `no_outcome` that nobody told (the thread that sent it died), and
 * `cancelled_as_recorded` that it ended where the recorded client ended it, which is no failure.
 */
export const FAILURES: readonly (FailureCode | '' | 'no_outcome' | 'cancelled_as_recorded')[] = [
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
  'cancelled_as_recorded',
];

export const PROTOCOLS = ['', 'http', 'grpc'] as const;
