import { hasSucceeded, isCancelled } from '../trace/record/cancelled.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import { createGlob } from './glob.ts';
import { createStatusTest } from './status-set.ts';

/** Says of a record whether it takes part. */
export type RecordPredicate = (record: TraceRecord) => boolean;

/** Bounds of a latency in ns; a record without a duration lies in none. */
export interface LatencyRange {
  /** Exclusive. */
  aboveNs?: number | undefined;
  /** Inclusive. */
  atLeastNs?: number | undefined;
  /** Exclusive. */
  belowNs?: number | undefined;
  /** Inclusive. */
  atMostNs?: number | undefined;
}

/**
 * What a record must be like. Values of one condition are alternatives, different conditions must all hold, an absent
 * or empty one always does.
 */
export interface FilterConditions {
  /** Exact, or with `*` for any run of characters and `?` for one. */
  ops?: readonly string[] | undefined;
  spaces?: readonly string[] | undefined;
  sessions?: readonly string[] | undefined;
  /** Upper and lower case are the same. */
  methods?: readonly string[] | undefined;
  /** Globs over the path without its query: see `createGlob`. */
  paths?: readonly string[] | undefined;
  /** See `createStatusTest`; `cancelled` is also what a client of HTTP cancelled. */
  statuses?: readonly string[] | undefined;
  protocol?: TraceRecord['protocol'] | undefined;
  /** Known to have succeeded, or known to have failed: a record of whose answer nothing is known is neither. */
  ok?: boolean | undefined;
  latencies?: readonly LatencyRange[] | undefined;
  /** ns from the epoch, inclusive. */
  fromNs?: number | undefined;
  /** ns from the epoch, exclusive. */
  toNs?: number | undefined;
  /** Selects exactly what the conditions above do not. */
  invert?: boolean | undefined;
}

/** Compiles conditions into a pure predicate, cheapest tests first. Throws `usage` for a condition that makes no sense. */
export function createRecordFilter(conditions: FilterConditions): RecordPredicate {
  const tests = testsOf(conditions);
  const invert = conditions.invert ?? false;
  return (record) => {
    for (const test of tests) if (!test(record)) return invert;
    return !invert;
  };
}

function testsOf(conditions: FilterConditions): RecordPredicate[] {
  const { fromNs, toNs, protocol, ok } = conditions;
  const tests: (RecordPredicate | undefined)[] = [
    fromNs === undefined ? undefined : (record) => record.startNs >= fromNs,
    toNs === undefined ? undefined : (record) => record.startNs < toNs,
    protocol === undefined ? undefined : (record) => record.protocol === protocol,
    ok === undefined ? undefined : (record) => isOutcomeKnown(record) && hasSucceeded(record) === ok,
    anyOf(conditions.ops, nameTest, (record) => record.op),
    anyOf(conditions.spaces, nameTest, (record) => record.space),
    anyOf(conditions.sessions, nameTest, (record) => record.session),
    anyOf(conditions.methods, methodTest, (record) => record.method),
    anyOf(conditions.statuses, statusTest, (record) => record),
    anyOf(conditions.latencies, latencyTest, (record) => record.durationNs),
    anyOf(conditions.paths, createGlob, (record) => withoutQuery(record.path)),
  ];
  return tests.filter((test) => test !== undefined);
}

/** Whether anything is known of the answer: sources of old say nothing, and that is no success. */
export function isOutcomeKnown({ outcome }: TraceRecord): boolean {
  return outcome.status !== undefined || outcome.error !== '' || !outcome.ok;
}

/** At least one of `values` must accept what `get` takes from the record. */
function anyOf<V, T>(
  values: readonly V[] | undefined,
  compile: (value: V) => (item: T) => boolean,
  get: (record: TraceRecord) => T,
): RecordPredicate | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const tests = values.map(compile);
  return (record) => {
    const item = get(record);
    return tests.some((test) => test(item));
  };
}

function nameTest(name: string): (text: string) => boolean {
  return createGlob(name.replaceAll(/\*+/g, '**'));
}

function methodTest(method: string): (text: string) => boolean {
  const upper = method.toUpperCase();
  return (text) => text.toUpperCase() === upper;
}

/** A call that its client cancelled has the status that gRPC has for it, in the recording as in a replay. */
function statusTest(text: string): RecordPredicate {
  const test = createStatusTest(text);
  const isNamed = text.toUpperCase() === 'CANCELLED';
  return (record) => {
    const { protocol, outcome } = record;
    if (!isCancelled(record)) return test(outcome.status);
    return isNamed || test(protocol === 'grpc' ? (outcome.status ?? GRPC_CANCELLED) : outcome.status);
  };
}

const GRPC_CANCELLED = 1;

function latencyTest(range: LatencyRange): (durationNs: number | undefined) => boolean {
  const { aboveNs = -1, atLeastNs = 0, belowNs = Infinity, atMostNs = Infinity } = range;
  return (ns) => ns !== undefined && ns > aboveNs && ns >= atLeastNs && ns < belowNs && ns <= atMostNs;
}

function withoutQuery(path: string): string {
  const end = path.indexOf('?');
  return end < 0 ? path : path.slice(0, end);
}
