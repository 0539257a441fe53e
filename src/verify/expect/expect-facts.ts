import type { LogReading } from '../../replay-log/read-replay-log.ts';
import { type Expectations, exactly, expectAll, type Leaf } from '../measure/expectations.ts';
import { type Leaves, leavesOf } from './document-leaves.ts';

/** Reads from the end of the log what no operation can prove; undefined where it has none or it makes no sense. */
export function factLeaves({ end }: LogReading): Leaves | undefined {
  try {
    const facts: unknown = JSON.parse(end?.factsJson ?? '');
    return typeof facts === 'object' && facts !== null ? leavesOf(facts) : undefined;
  } catch {
    return undefined;
  }
}

/** The facts, the plan's options as the log's first frame has them, and the seal of the log. */
export function expectFacts(reading: LogReading, facts: Leaves, into: Expectations): void {
  for (const [path, value] of facts) if (isFact(path)) into.set(path, exactly(value as Leaf));
  expectAll(into, 'replay_log', {
    entries: exactly(reading.entries),
    entries_lost: exactly(reading.end?.entriesLost ?? 0),
    blocks: exactly(reading.blocks),
    sha256: exactly(reading.sha256),
  });
}

/** Of the reasons only their words: which ones there are, and their numbers, the operations prove. */
function isFact(path: string): boolean {
  return !path.startsWith('fidelity.reasons[') || path.endsWith('].message');
}
