import type { Dialect } from '../dialects/dialect.ts';
import { createFindDanger, type FindDanger } from '../dialects/find-danger.ts';
import { DIALECT_NAMES, findDialect } from '../dialects/find-dialect.ts';
import { fnv1a, mix32 } from '../hash.ts';
import { REQUEST_INCOMPLETE } from '../trace/record/incomplete.ts';
import type { Protocol, TraceRecord } from '../trace/record/record.ts';
import { unplayableBy } from '../trace/record/unplayable.ts';
import type { Trace } from '../trace/trace.ts';
import type { Leaves } from './expect/document-leaves.ts';

/** Tells whether a record takes part, wherever the plan was cut. */
export function selectionOf(facts: Leaves, trace: Trace): (record: TraceRecord) => boolean {
  const { dialect: name } = trace.header;
  const dialect = findDialect(DIALECT_NAMES.includes(name) ? name : 'generic');
  const only = facts.get('plan.options.only');
  const dangerOf = dangersLeftOut(facts, dialect);
  const hasTarget = targetsIn(facts);
  return (record) => {
    if (unplayableBy(record) !== undefined) return false;
    if (record.bodyBytesMissing > 0 || record.outcome.error === REQUEST_INCOMPLETE) return false;
    if (!hasTarget(record)) return false;
    if (dangerOf?.(record) !== undefined) return false;
    return only === null || only === undefined || dialect.isWrite(record) === (only === 'writes');
  };
}

/**
 * Tells whether a record had somewhere to go. A transport of the caller's needs no endpoint, and takes all where none
 * is named.
 */
function targetsIn(facts: Leaves): (record: TraceRecord) => boolean {
  const isNamed = (protocol: Protocol): boolean => facts.get(`target.${protocol}`) !== null;
  const isOwn = facts.get('plan.options.transport') === 'own';
  if (isOwn && !isNamed('http') && !isNamed('grpc')) return () => true;
  return ({ protocol }) => isNamed(protocol);
}

/**
 * Tells which records were left out as dangerous; undefined where all were sent: as told, or by a version that knew of
 * no dangers.
 */
function dangersLeftOut(facts: Leaves, dialect: Dialect): FindDanger | undefined {
  if (facts.get('fidelity.excluded.dangerous') === undefined) return undefined;
  const own = facts.get('plan.options.dangerous');
  if (own === null) return undefined;
  return createFindDanger(dialect, typeof own === 'string' && own !== '' ? own.split('\n') : []);
}

/**
 * Tells how often a session is played: by all copies, or those that the shard `I/N` of the document plays. Copy k of a
 * session is called `NAME#k`.
 */
export function timesByShard(shard: unknown, copies: number): (session: string) => number {
  const [, index, of] = typeof shard === 'string' ? (/^(\d+)\/(\d+)$/.exec(shard) ?? []) : [];
  if (of === undefined) return () => copies;
  const isMine = (name: string): boolean => mix32(fnv1a(name)) % Number(of) === Number(index);
  return (session) => {
    let times = 0;
    for (let copy = 0; copy < copies; copy += 1)
      if (isMine(copy === 0 ? session : `${session}#${copy}`)) times += 1;
    return times;
  };
}
