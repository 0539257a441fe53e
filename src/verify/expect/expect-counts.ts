import { type Expectations, exactly, expectAll, nearly } from '../measure/expectations.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import type { OpNames } from '../measure/op-names.ts';

const MAX_ERROR_KINDS = 200;

/** The entries of the document that decide how operations are counted. */
export interface DocumentSays {
  /** The dialect of the trace; that of a build cache has hits and misses. */
  dialect: string;
  /** Made by a scenario or for clients: there is no file whose record an error could name. */
  isMade: boolean;
  /** Kinds of error it names, as `errorKey` does. */
  errorKeys: ReadonlySet<string>;
}

/** The counts of one pass over the log. */
interface OpCounts extends CacheCounts {
  ended: Record<string, number>;
  answered: number;
  keepaliveClosed: number;
  mismatches: number;
  responseBytes: number;
  lastDoneNs: number;
  errors: Map<string, ErrorCount>;
  all: Operations;
  /** By their place among the names of the document. */
  ops: Operations[];
}

/** How the operations of one kind ended. */
export interface Operations {
  ok: number;
  failed: number;
  cancelled: number;
  same: number;
  other: number;
}

interface ErrorCount {
  count: number;
  asRecorded: number;
  firstRecord: number;
  /** When the operation that is named ended: the first one to end, and of several that of the lowest number. */
  firstDoneNs: number;
  firstNumber: number;
}

/** Everything that is a sum: accounting, summary, operations, throughput, cache, errors. */
export async function expectCounts(
  table: LogTable,
  names: OpNames,
  into: Expectations,
  said: DocumentSays,
): Promise<void> {
  const counts = await countAll(table, names, said.dialect);
  const ended = (name: string): number => counts.ended[name] ?? 0;
  const failed = ended('error') + ended('cut_off');
  const attempted = ended('ok') + failed;
  expectAll(into, 'fidelity.accounting', {
    planned: exactly(table.reading.entries),
    sent: exactly(attempted),
    ok: exactly(ended('ok')),
    errors: exactly(ended('error')),
    cut_off: exactly(ended('cut_off')),
    shed: exactly(ended('shed')),
    gate_timeout: exactly(ended('gate_timeout')),
    unsent: exactly(ended('unsent')),
    never_left: exactly(attempted - table.sends),
    closes: exactly(true),
  });
  expectAll(into, 'fidelity.keepalive_closed', {
    operations: exactly(counts.keepaliveClosed),
    share: nearly(table.sends > 0 ? counts.keepaliveClosed / table.sends : undefined),
  });
  expectOperations(into, 'operations', counts.all);
  expectAnswers(into, 'answers.overall', counts.all);
  names.keys.forEach((key, i) => {
    expectOperations(into, `operations.ops.${key}`, counts.ops[i] as Operations);
    expectAnswers(into, `answers.ops.${key}`, counts.ops[i] as Operations);
  });
  expectSummary(table, counts, attempted, into);
  expectCache(into, 'cache', counts);
  expectErrors(counts.errors, { named: said.errorKeys, isMade: said.isMade }, into);
}

/** Expects the counts of operations of one kind. */
export function expectOperations(
  into: Expectations,
  path: string,
  { ok, failed, cancelled }: Operations,
): void {
  expectAll(into, path, {
    total: exactly(ok + failed),
    successful: exactly(ok),
    failed: exactly(failed),
    cancelled: exactly(cancelled),
  });
}

function expectAnswers(into: Expectations, path: string, { ok, failed, same, other }: Operations): void {
  const unknown = ok + failed - same - other;
  expectAll(into, path, { same: exactly(same), other: exactly(other), unknown: exactly(unknown) });
}

/** Past 200 kinds of error the document names those it names, and counts the rest together. */
function expectErrors(
  errors: ReadonlyMap<string, ErrorCount>,
  { named, isMade }: { named: ReadonlySet<string>; isMade: boolean },
  into: Expectations,
): void {
  const isFolded = errors.size > MAX_ERROR_KINDS;
  const rest = { count: 0, asRecorded: 0 };
  for (const [key, { count, asRecorded, firstRecord }] of errors) {
    if (isFolded && !named.has(key)) {
      rest.count += count;
      rest.asRecorded += asRecorded;
      continue;
    }
    const first = isMade ? { first_record: null } : { 'first_record.number': firstRecord };
    const values = { count, as_recorded: asRecorded, ...first };
    for (const [name, value] of Object.entries(values)) into.set(`errors[${key}].${name}`, exactly(value));
  }
  if (!isFolded) return;
  const path = `errors[${errorKey('other', '')}]`;
  expectAll(into, path, { count: exactly(rest.count), as_recorded: exactly(rest.asRecorded) });
  into.set(`${path}.first_record`, exactly(null));
}

function expectSummary(table: LogTable, counts: OpCounts, attempted: number, into: Expectations): void {
  const ok = counts.ended['ok'] ?? 0;
  const seconds = Number.isFinite(counts.lastDoneNs) ? (counts.lastDoneNs - table.startNs) / 1e9 : 0;
  const perSecond = (count: number) => nearly(seconds > 0 ? count / seconds : undefined);
  expectAll(into, 'summary', {
    total_operations: exactly(attempted),
    planned_operations: exactly(table.reading.entries),
    duration_secs: nearly(seconds > 0 ? seconds : undefined),
    throughput_ops_sec: perSecond(ok),
    sent_ops_sec: perSecond(attempted),
    error_rate: nearly(attempted > 0 ? (attempted - ok) / attempted : undefined),
    without_answer: exactly(attempted - counts.answered),
    status_mismatches: exactly(counts.mismatches),
    response_bytes: exactly(counts.responseBytes),
  });
  into.set('throughput_ops_per_sec', perSecond(ok));
}

/** Hits and misses of a cache, as they were counted. */
export interface CacheCounts {
  cacheHits: number;
  cacheMisses: number;
}

/** Expects hits and misses of a cache under `path`. */
export function expectCache(
  into: Expectations,
  path: string,
  { cacheHits: hits, cacheMisses: misses }: CacheCounts,
): void {
  const known = hits + misses > 0;
  expectAll(into, path, {
    hits: exactly(known ? hits : null),
    misses: exactly(known ? misses : null),
    hit_rate_percent: nearly(known ? (100 * hits) / (hits + misses) : undefined),
  });
}

async function countAll(table: LogTable, names: OpNames, dialect: string): Promise<OpCounts> {
  const counts: OpCounts = {
    ended: {},
    answered: 0,
    keepaliveClosed: 0,
    mismatches: 0,
    responseBytes: 0,
    lastDoneNs: Number.NEGATIVE_INFINITY,
    cacheHits: 0,
    cacheMisses: 0,
    errors: new Map(),
    all: noOperations(),
    ops: names.keys.map(noOperations),
  };
  await table.each((row) => {
    const { disposition } = row;
    counts.ended[disposition] = (counts.ended[disposition] ?? 0) + 1;
    if (!row.isAttempted) return;
    countAttempt(counts, row);
    countOperation(counts.all, row);
    countOperation(counts.ops[names.indexOf(row.op)] as Operations, row);
    if (dialect === 'memobuild') countCache(counts, row);
    if (disposition !== 'ok') countError(counts.errors, row);
  });
  return counts;
}

function countAttempt(counts: OpCounts, row: LogRow): void {
  const { status, recordedStatus, doneNs } = row;
  if (row.failure === '') counts.answered += 1;
  if (row.failure === 'keepalive_closed') counts.keepaliveClosed += 1;
  if (status >= 0 && recordedStatus >= 0 && status !== recordedStatus) counts.mismatches += 1;
  counts.responseBytes += row.responseBytes;
  if (!Number.isNaN(doneNs)) counts.lastDoneNs = Math.max(counts.lastDoneNs, doneNs);
}

/** Counts an operation that was with a transport. */
export function countOperation(of: Operations, { disposition, isCancelled, answer }: LogRow): void {
  if (disposition === 'ok') of.ok += 1;
  else of.failed += 1;
  if (isCancelled) of.cancelled += 1;
  if (answer === 1) of.same += 1;
  else if (answer === 2) of.other += 1;
}

export function noOperations(): Operations {
  return { ok: 0, failed: 0, cancelled: 0, same: 0, other: 0 };
}

const LOOKUPS = ['has', 'get', 'has_layer', 'get_layer', 'get_node_layers'];

/** What looks something up in a build cache: 2xx is a hit, 404 a miss. */
export function countCache(counts: CacheCounts, { op, status, failure }: LogRow): void {
  if (!LOOKUPS.includes(op) || failure !== '') return;
  if (status >= 200 && status < 300) counts.cacheHits += 1;
  else if (status === 404) counts.cacheMisses += 1;
}

function countError(errors: Map<string, ErrorCount>, row: LogRow): void {
  const key = errorKey(errorCodeOf(row), row.op);
  const known = errors.get(key) ?? noErrors();
  const doneNs = Number.isNaN(row.doneNs) ? Infinity : row.doneNs;
  const isTie = doneNs === known.firstDoneNs;
  if (doneNs < known.firstDoneNs || (isTie && row.number < known.firstNumber)) {
    known.firstDoneNs = doneNs;
    known.firstNumber = row.number;
    known.firstRecord = row.record;
  }
  known.count += 1;
  if (row.status >= 0 && row.status === row.recordedStatus) known.asRecorded += 1;
  errors.set(key, known);
}

function noErrors(): ErrorCount {
  return { count: 0, asRecorded: 0, firstRecord: -1, firstDoneNs: Infinity, firstNumber: Infinity };
}

/** How one kind of error is named in expectations. */
export function errorKey(code: string, op: string): string {
  return `${code} of ${JSON.stringify(op)}`;
}

/** Names an error as docs/results.md does; the words behind a gRPC status are left out. */
function errorCodeOf(row: LogRow): string {
  if (row.disposition === 'cut_off') return 'cut_off';
  if (row.failure !== '') return row.failure;
  if (row.status < 0) return 'no_status';
  return `${row.isGrpc ? 'grpc' : 'http'}_${row.status}`;
}
