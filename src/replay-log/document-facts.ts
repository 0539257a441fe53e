/**
 * The parts of a results document that no entry of a log can prove: the plan, the state of the generator and what the
 * engine says of itself. The end of the log repeats them, so that a change in the document is found.
 */
export interface DocumentFacts {
  [path: string]: unknown;
}

/** The paths of the facts in a document. */
export const FACT_PATHS: readonly string[] = [
  'tool',
  'plan',
  'target',
  'timestamp',
  'summary.stop',
  'fidelity.accounting.plan_complete',
  'fidelity.excluded',
  'fidelity.dangerous',
  'fidelity.redacted',
  'fidelity.unsendable',
  'fidelity.engine',
  'fidelity.lateness_attribution.stalls',
  'fidelity.stretched_ms',
  'fidelity.timestamp_resolution_ns',
  'fidelity.generator',
  'fidelity.reasons',
  'validation',
  'checks',
  'notes',
  'capture_loss',
  'prepare',
  'preload',
  'chaos',
  'host',
];

/** Collects the facts of a document by path; a part that the document lacks is left out. */
export function factsOf(document: object): DocumentFacts {
  const facts: DocumentFacts = {};
  for (const path of FACT_PATHS) {
    const value = valueAt(document, path);
    if (value !== undefined) facts[path] = value;
  }
  const targets = valueAt(document, 'targets');
  if (Array.isArray(targets)) facts['targets'] = targets.map(factsOfTarget);
  return facts;
}

/** What an operation proves of a target are its numbers, and not where it was. */
function factsOfTarget({ http, grpc, addresses }: Record<string, unknown>): Record<string, unknown> {
  return { http, grpc, addresses };
}

/** Returns the value at a path such as `fidelity.engine`; undefined where there is none. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
