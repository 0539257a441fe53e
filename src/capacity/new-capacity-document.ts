import type { CapacityDocument, SearchedSection } from './capacity-document.ts';

/** The document of a search of which nothing was run. */
export function newCapacityDocument(
  searched: SearchedSection,
  { tool, timestamp, targets, limits }: Pick<CapacityDocument, 'tool' | 'timestamp' | 'targets' | 'limits'>,
): CapacityDocument {
  return {
    ...{ schema_version: 1, kind: 'capacity', tool, timestamp, targets, searched, limits },
    generator: null,
    status: 'complete',
    answer: {
      boundary_type: 'unknown',
      ...{ capacity: null, low: null, high: null, held: null, breached: null, binding_limit: null },
      limited_by: 'generator',
      is_monotone: true,
      ...{ safe_load: null, knee: null, scalability_law: null },
    },
    probes: [],
  };
}
