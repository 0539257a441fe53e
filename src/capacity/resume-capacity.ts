import { EngramTraceError } from '../error.ts';
import type { CapacityDocument } from './capacity-document.ts';

/**
 * The probes of an earlier document go into a new one. Throws `usage` where `before` is none, or where what was sent, where
 * to, or what has to hold is not the same: numbers of different things would make one curve.
 */
export function resumeCapacity(fresh: CapacityDocument, before: unknown, where: string): CapacityDocument {
  const refuse = (message: string): EngramTraceError =>
    new EngramTraceError('usage', message, { where, hint: '--force begins anew' });
  if (!isCapacityDocument(before)) throw refuse('this is no document of a search for a capacity');
  if (before.searched.digest !== fresh.searched.digest)
    throw refuse(
      `its probes are of ${before.searched.name}, and what is sent, where to, or what has to hold is different now`,
    );
  return { ...fresh, timestamp: before.timestamp, probes: before.probes };
}

function isCapacityDocument(value: unknown): value is CapacityDocument {
  const { schema_version, kind, searched, probes } = (value ?? {}) as Partial<CapacityDocument>;
  return (
    schema_version === 1 &&
    kind === 'capacity' &&
    typeof searched?.digest === 'string' &&
    typeof searched.name === 'string' &&
    Array.isArray(probes) &&
    probes.every((probe) => typeof probe?.load === 'number' && Array.isArray(probe.margins))
  );
}
