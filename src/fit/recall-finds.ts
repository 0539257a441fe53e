import type { TraceRecord } from '../trace/record/record.ts';

/** What looks a memory up, under the names of the engram dialect. */
const LOOKUPS: ReadonlySet<string> = new Set(['recall', 'search', 'query', 'get']);
const HTTP_NOT_FOUND = 404;
const GRPC_NOT_FOUND = 5;

/** How many lookups found something, as far as their answers tell. */
export class RecallFinds {
  #found = 0;
  #known = 0;

  add({ op, protocol, outcome: { status, ok, itemCount } }: TraceRecord): void {
    if (!LOOKUPS.has(op) || status === undefined) return;
    const isMissing = status === (protocol === 'grpc' ? GRPC_NOT_FOUND : HTTP_NOT_FOUND) || itemCount === 0;
    if (!isMissing && !ok) return;
    this.#known += 1;
    if (!isMissing) this.#found += 1;
  }

  /** Undefined where no answer tells. */
  get share(): number | undefined {
    return this.#known === 0 ? undefined : this.#found / this.#known;
  }
}
