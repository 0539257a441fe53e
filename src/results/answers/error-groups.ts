import { STATUS_CODES } from 'node:http';
import type { Disposition, Operation } from '../../replay/ports.ts';
import { compareText } from './compare-text.ts';

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
  /** The words of the first one, or those of its status where it had none. */
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

/** Names what went wrong with a sent operation; the list of names is closed. */
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

/** A group, and when the record that it names ended. */
interface HeldGroup extends ErrorGroup {
  firstDoneNs: number;
  firstNumber: number;
  /** The record that it names is not the one of the last drain. */
  isFirstNew: boolean;
}

/** What was counted of one kind since groups were drained last. */
export interface ErrorGroupPart {
  code: string;
  op: string;
  count: number;
  asRecorded: number;
  /** The first failed operation, where it was not told before. */
  first: FirstFailure | undefined;
  /** It counts the kinds past the bound. */
  isRest: boolean;
}

interface FirstFailure {
  doneNs: number;
  number: number;
  record: number;
  example: string;
}

/**
 * Counts errors by code and op; past `maxGroups` kinds the rest is counted together as `other`. The record that a group
 * names is the one that ended first, of two at the same time the one with the lower number: in whatever order they come.
 */
export class ErrorGroups {
  readonly #maxGroups: number;
  readonly #groups = new Map<string, HeldGroup>();

  constructor(maxGroups = 200) {
    this.#maxGroups = maxGroups;
  }

  add(operation: Operation, disposition: Disposition): void {
    const group = this.#groupOf(errorCode(operation, disposition), operation.record.op);
    group.count++;
    const status = operation.outcome?.status;
    if (status !== undefined && status === operation.record.outcome.status) group.asRecorded++;
    const { doneNs = Infinity, number } = operation;
    if (!isFirst(group, doneNs, number)) return;
    const example = exampleOf(operation).slice(0, MAX_EXAMPLE_CHARACTERS);
    name(group, { doneNs, number, record: operation.recordNumber, example });
  }

  /** Most frequent first; of equally many by code, then by op. */
  list(): ErrorGroup[] {
    const groups = [...this.#groups.values()].sort(
      (a, b) => b.count - a.count || compareText(a.code, b.code) || compareText(a.op, b.op),
    );
    return groups.map(({ code, op, count, asRecorded, firstRecord, example }) => {
      return { code, op, count, asRecorded, firstRecord, example };
    });
  }

  /** Takes out what was counted since the last drain; undefined where that was nothing. Kinds stay known. */
  drain(): ErrorGroupPart[] | undefined {
    const parts: ErrorGroupPart[] = [];
    for (const [key, group] of this.#groups) {
      if (group.count > 0) parts.push(drained(group, key === REST));
    }
    return parts.length === 0 ? undefined : parts;
  }

  addPart(parts: readonly ErrorGroupPart[]): void {
    for (const { code, op, count, asRecorded, first, isRest } of parts) {
      const group = isRest ? this.#rest() : this.#groupOf(code, op);
      group.count += count;
      group.asRecorded += asRecorded;
      if (first !== undefined && isFirst(group, first.doneNs, first.number)) name(group, first);
    }
  }

  #groupOf(code: string, op: string): HeldGroup {
    const key = `${code}\0${op}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= this.#maxGroups) return this.#rest();
    const group = emptyGroup(code, op);
    this.#groups.set(key, group);
    return group;
  }

  /** Makes the group of everything else. It names no record: no record is ever earlier than its own. */
  #rest(): HeldGroup {
    const known = this.#groups.get(REST);
    if (known !== undefined) return known;
    const example = `more than ${this.#maxGroups} kinds of error; the rest is counted here`;
    const group = { ...emptyGroup('other', ''), example, firstDoneNs: -Infinity, firstNumber: -1 };
    this.#groups.set(REST, group);
    return group;
  }
}

/** Key of the group of everything else: other keys have a code in them. */
const REST = '';

function emptyGroup(code: string, op: string): HeldGroup {
  const first = { firstRecord: undefined, example: '', firstDoneNs: Infinity, firstNumber: Infinity };
  return { code, op, count: 0, asRecorded: 0, ...first, isFirstNew: false };
}

function isFirst({ firstDoneNs, firstNumber }: HeldGroup, doneNs: number, number: number): boolean {
  return doneNs < firstDoneNs || (doneNs === firstDoneNs && number < firstNumber);
}

function name(group: HeldGroup, { doneNs, number, record, example }: FirstFailure): void {
  group.firstDoneNs = doneNs;
  group.firstNumber = number;
  group.firstRecord = record;
  group.example = example;
  group.isFirstNew = true;
}

function drained(group: HeldGroup, isRest: boolean): ErrorGroupPart {
  const { code, op, count, asRecorded, firstDoneNs, firstNumber, firstRecord, example, isFirstNew } = group;
  const isTold = isFirstNew && firstRecord !== undefined;
  const first = isTold
    ? { doneNs: firstDoneNs, number: firstNumber, record: firstRecord, example }
    : undefined;
  group.count = 0;
  group.asRecorded = 0;
  group.isFirstNew = false;
  return { code, op, count, asRecorded, first, isRest };
}
