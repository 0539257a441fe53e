import { STATUS_CODES } from 'node:http';
import type { Disposition, Operation } from '../replay/ports.ts';

/** Failed operations of one kind. */
export interface ErrorGroup {
  /** `http_503`, `grpc_14_unavailable`, `timeout`, `connect_failed`, … */
  code: string;
  op: string;
  count: number;
  /** How many of them had, in the recording, the very same status: such an error is no news. */
  asRecorded: number;
  /** Number in the trace of the first record that ended so; undefined for the group of everything else. */
  firstRecord: number | undefined;
  /** What the first one said; the words of its status where it said nothing. */
  example: string;
}

/** Names of gRPC status codes (grpc/grpc, doc/statuscodes.md). */
const GRPC_STATUS_NAMES = [
  'ok',
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
];

const MAX_EXAMPLE_CHARACTERS = 300;

/** The closed name of what went wrong with a sent operation. */
export function errorCode(operation: Operation, disposition: Disposition): string {
  const { outcome, record } = operation;
  if (disposition === 'cut_off') return 'cut_off';
  if (outcome === undefined) return 'no_outcome';
  if (outcome.failure !== undefined) return outcome.failure;
  if (outcome.status === undefined) return 'no_status';
  if (record.protocol === 'http') return `http_${outcome.status}`;
  const name = GRPC_STATUS_NAMES[outcome.status];
  return name === undefined ? `grpc_${outcome.status}` : `grpc_${outcome.status}_${name}`;
}

function exampleOf({ outcome, record }: Operation): string {
  if (outcome === undefined) return '';
  const { detail, failure, status } = outcome;
  if (detail !== '' || failure !== undefined || status === undefined) return detail;
  const words = record.protocol === 'http' ? STATUS_CODES[status] : GRPC_STATUS_NAMES[status];
  return `${record.protocol === 'http' ? 'HTTP' : 'gRPC'} ${status} ${words ?? ''}`.trimEnd();
}

/** Counts errors by code and op; past `maxGroups` kinds the rest is counted together as `other`. */
export class ErrorGroups {
  readonly #maxGroups: number;
  readonly #numberOf: (operation: Operation) => number;
  readonly #groups = new Map<string, ErrorGroup>();

  /** `numberOf` gives the number an operation's record has in its trace file. */
  constructor(numberOf: (operation: Operation) => number, maxGroups = 200) {
    this.#numberOf = numberOf;
    this.#maxGroups = maxGroups;
  }

  add(operation: Operation, disposition: Disposition): void {
    const code = errorCode(operation, disposition);
    const group = this.#groupOf(code, operation);
    group.count++;
    const status = operation.outcome?.status;
    if (status !== undefined && status === operation.record.outcome.status) group.asRecorded++;
  }

  /** Most frequent first. */
  list(): ErrorGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }

  #groupOf(code: string, operation: Operation): ErrorGroup {
    const key = `${code}\0${operation.record.op}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= this.#maxGroups) return this.#rest();
    const group = {
      code,
      op: operation.record.op,
      count: 0,
      asRecorded: 0,
      firstRecord: this.#numberOf(operation),
      example: exampleOf(operation).slice(0, MAX_EXAMPLE_CHARACTERS),
    };
    this.#groups.set(key, group);
    return group;
  }

  #rest(): ErrorGroup {
    const known = this.#groups.get('');
    if (known !== undefined) return known;
    const group = {
      code: 'other',
      op: '',
      count: 0,
      asRecorded: 0,
      firstRecord: undefined,
      example: `more than ${this.#maxGroups} kinds of error; the rest is counted here`,
    };
    this.#groups.set('', group);
    return group;
  }
}
