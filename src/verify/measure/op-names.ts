const NONE = '(none)';
const OTHER = '(other)';
/** The names that docs/results.md reserves, which are no keys as they are; with any number of `op:` in front. */
const RESERVED = /^(op:)*(\(none\)|\(other\)|overall|(min|avg|p50|p95|p99|max)_ms)$/;
const MAX_NAMES = 64;

/** Which entry of a document's sections each op is counted in. */
export interface OpNames {
  /** The keys of the entries, in order. */
  readonly keys: readonly string[];
  /** Gives the place of an op in `keys`. */
  indexOf(op: string): number;
}

/**
 * Tells which entry counts each op. Up to 64 ops have one of their own, and the rest is counted together; the document
 * says which these are: it names the others in `latency`.
 */
export function opNames(ops: readonly string[], named: ReadonlySet<string>): OpNames {
  const own = ops.length <= MAX_NAMES ? ops : ops.filter((op) => named.has(keyOf(op)));
  const keys = own.map(keyOf);
  if (own.length < ops.length) keys.push(OTHER);
  const places = new Map(own.map((op, i) => [op, i]));
  return { keys, indexOf: (op) => places.get(op) ?? keys.length - 1 };
}

function keyOf(op: string): string {
  if (op === '') return NONE;
  return RESERVED.test(op) ? `op:${op}` : op;
}
