import type { Leaves } from './expect/document-leaves.ts';
import { agrees, type Expectations, type Leaf } from './measure/expectations.ts';

/** One comparison of the document with the log: a line of the checklist. */
export interface Check {
  name: string;
  inDocument: unknown;
  /** Undefined: nothing in the log says that there should be such a number. */
  recomputed: Leaf | undefined;
  agrees: boolean;
}

/**
 * What a log cannot say, and need not: words for people (those of reasons only in logs of old), what was watched beside
 * the load, and what was checked in another way.
 */
const UNPROVEN =
  /^(schema_version$|resources\.|windows\[[^\]]*\]\.resources\.|histograms\.unit$|errors\[.*\]\.(code|op|example|first_record\.command)$|fidelity\.reasons\[.*\]\.message$)|\.$/s;

/**
 * Holds every expectation against the document, and every leaf of the document against the expectations: a number
 * that nothing accounts for does not agree either.
 */
export function compareLeaves(leaves: Leaves, expectations: Expectations): Check[] {
  const checks: Check[] = [];
  for (const [name, expectation] of expectations) {
    const inDocument = leaves.get(name);
    checks.push({ name, inDocument, recomputed: expectation.value, agrees: agrees(inDocument, expectation) });
  }
  for (const [name, inDocument] of leaves) {
    if (expectations.has(name) || UNPROVEN.test(name)) continue;
    checks.push({ name, inDocument, recomputed: undefined, agrees: false });
  }
  return checks;
}
