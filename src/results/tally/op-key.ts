/** The name that operations without an op are counted under. */
const NONE = '(none)';
/** All operations of the names past those that have an entry of their own. */
export const OTHER_OPS = '(other)';

/** What means something else in a section. */
const RESERVED: ReadonlySet<string> = new Set([
  NONE,
  OTHER_OPS,
  'overall',
  'min_ms',
  'avg_ms',
  'p50_ms',
  'p95_ms',
  'p99_ms',
  'max_ms',
]);
const PREFIXES = /^(op:)*/;

/**
 * Makes the key of an operation in the sections of a document: its name, with `op:` in front of one that is reserved. A
 * reserved name with `op:` in front already gets another, so that no two names share a key.
 */
export function opKey(op: string): string {
  if (op === '') return NONE;
  return RESERVED.has(op.replace(PREFIXES, '')) ? `op:${op}` : op;
}
