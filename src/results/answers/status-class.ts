import type { Protocol } from '../../trace/record/record.ts';

/** What kind of answer an operation got: of HTTP the first digit of its status, of gRPC who is to blame. */
export type StatusClass =
  | '1xx'
  | '2xx'
  | '3xx'
  | '4xx'
  | '5xx'
  | 'ok'
  | 'client_error'
  | 'server_error'
  | 'other'
  | 'none';

/** Of answers that the recorded server did not give, these say that the target fails, and not that it knows less. */
export const FAILING_CLASSES: ReadonlySet<string> = new Set<StatusClass>(['none', '5xx', 'server_error']);

const HTTP_CLASSES: readonly StatusClass[] = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'];
/** The gRPC codes that google/rpc/code.proto maps to an HTTP status 4xx; all others but 0 go to 5xx there. */
const CLIENT_ERRORS: ReadonlySet<number> = new Set([1, 3, 5, 6, 7, 8, 9, 10, 11, 16]);

/** Gives the class of a status; `none` where no status came. */
export function statusClass(protocol: Protocol, status: number | undefined): StatusClass {
  if (status === undefined) return 'none';
  if (protocol === 'http') return HTTP_CLASSES[Math.floor(status / 100)] ?? 'other';
  if (status === 0) return 'ok';
  return CLIENT_ERRORS.has(status) ? 'client_error' : 'server_error';
}
