import type { Disposition, FailureCode } from '../replay/ports.ts';

/** What the numbers in the column `disposition` stand for, from 0. New names are only ever appended. */
export const DISPOSITIONS: readonly Disposition[] = [
  'ok',
  'error',
  'cut_off',
  'shed',
  'gate_timeout',
  'unsent',
];

/**
 * What the numbers in the column `failure` stand for, from 0: '' is none; `no_outcome` says that nobody told of an end
 * (the thread that sent it died); `cancelled_as_recorded`, which is no failure, that it ended where the recorded client
 * ended it.
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
