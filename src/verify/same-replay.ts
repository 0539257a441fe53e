import type { LogReading } from '../replay-log/read-replay-log.ts';
import type { Check } from './compare.ts';
import type { Leaves } from './expect/document-leaves.ts';

const DIGEST = 'plan.trace.digest';

/**
 * Says which of the files are not of one replay, in a sentence each; none: they are. Who took another file by mistake
 * should read this, and not that each of four hundred numbers is wrong.
 */
export function strangersAmong(
  leaves: Leaves,
  facts: Leaves,
  { sha256 }: LogReading,
  traceChecks: readonly Check[] = [],
): string[] {
  const trace = traceChecks.find(({ name }) => name === `trace: ${DIGEST}`);
  return [
    ...logIsAnother(leaves, facts, sha256),
    ...(trace === undefined || trace.agrees ? [] : ['the trace is not the one that the log is of']),
  ];
}

function logIsAnother(leaves: Leaves, facts: Leaves, sha256: string): string[] {
  const named = leaves.get('replay_log.sha256');
  if (named === sha256) return [];
  if (named === undefined) {
    return [
      'the results name no replay log: theirs was a replay without --replay-log, or one whose log was lost',
    ];
  }
  const began = leaves.get('timestamp');
  const logBegan = facts.get('timestamp');
  if (began !== logBegan) {
    return [
      `the results are of another replay than the log: theirs is of ${began}, the log's of ${logBegan}`,
    ];
  }
  if (
    leaves.get(DIGEST) !== facts.get(DIGEST) ||
    leaves.get('plan.options.shard') !== facts.get('plan.options.shard')
  )
    return ['the results are of another replay than the log, which began at the same time'];
  return ['the log is not the one that the results name: one of the two was changed since the replay'];
}
