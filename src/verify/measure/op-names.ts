const NONE = '(none)';
const OTHER = '(other)';
/** Names that are no keys as they are, as docs/results.md lists them; with any number of `op:` in front. */
const RESERVED = /^(op:)*(\(none\)|\(other\)|overall|(min|avg|p50|p95|p99|max)_ms)$/;
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
