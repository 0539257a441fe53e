/** Keys that mean something else in a latency section. */
const RESERVED = new Set(['overall', 'min_ms', 'avg_ms', 'p50_ms', 'p95_ms', 'p99_ms', 'max_ms']);
const OTHER = '(other)';
const MAX_NAMES = 64;

/** Which entry of a document's sections each op is counted in. */
export interface OpNames {
  /** Keys of the sections. */
  readonly keys: readonly string[];
  /** Place in `keys`. */
  indexOf(op: string): number;
}

/**
 * Every op has an entry of its own, up to 64; the rest is counted together. Which ones are the rest is for the document
 * to say: it names those it knows, in `latency`.
 */
export function opNames(ops: readonly string[], named: ReadonlySet<string>): OpNames {
  const keyOf = (op: string): string => {
    if (op === '') return '(none)';
    return RESERVED.has(op) ? `op:${op}` : op;
  };
  const own = ops.length <= MAX_NAMES ? ops : ops.filter((op) => named.has(keyOf(op)));
  const keys = own.map(keyOf);
  if (own.length < ops.length) keys.push(OTHER);
  const places = new Map(own.map((op, i) => [op, i]));
  return { keys, indexOf: (op) => places.get(op) ?? keys.length - 1 };
}
